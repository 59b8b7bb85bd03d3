// The crash loop's test program; as --writer one of the writers that it starts.
#include <gtest/gtest.h>

#include "tests/crash/writer.h"

int main(int argc, char** argv) {
    if (argc > 1 && std::string(argv[1]) == "--writer") return crash::run_writer({argv + 2, argv + argc});
    testing::InitGoogleTest(&argc, argv);
    return RUN_ALL_TESTS();
}
