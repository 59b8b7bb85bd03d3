#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/wal/application.h"

int main(int argc, char** argv) {
    if (argc > 1 && std::string(argv[1]) == tests::application_flag) return tests::run_as_application({argv + 2, argv + argc});
    testing::InitGoogleTest(&argc, argv);
    return RUN_ALL_TESTS();
}
