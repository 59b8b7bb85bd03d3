// The drills, or one of their writers (writers.h).
#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <vector>

#include "tests/drill/writers.h"

int main(int argc, char** argv) {
    if (argc > 1 && std::strcmp(argv[1], "--writers") == 0) return drill::run_writers(std::vector<std::string>(argv + 2, argv + argc));
    testing::InitGoogleTest(&argc, argv);
    return RUN_ALL_TESTS();
}
