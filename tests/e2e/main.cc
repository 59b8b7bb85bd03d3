// The tests, or one of their applications (habits.h).
#include <gtest/gtest.h>

#include <cstring>

#include "tests/e2e/habits.h"

int main(int argc, char** argv) {
    if (argc > 1 && std::strcmp(argv[1], "--app") == 0) return e2e::run_app(argc, argv);
    testing::InitGoogleTest(&argc, argv);
    return RUN_ALL_TESTS();
}
