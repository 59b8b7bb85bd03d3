#include "tests/sim/marks.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>
#include <stdexcept>

namespace {

TEST(marks, what_was_not_reached_and_what_is_not_listed_is_told) {
    const std::string path = testing::TempDir() + "flotilla_marks.txt";
    std::ofstream(path) << "# words\n\nspilled\nhalted   # why\n";
    EXPECT_EQ(sim::marks_missing(path, {{"spilled", 3}, {"halted", 1}}), "");
    EXPECT_EQ(sim::marks_missing(path, {{"spilled", 3}, {"new", 1}}), "never reached: halted\nreached, and not in the list: new\n");
    std::remove(path.c_str());
    EXPECT_THROW((void)sim::marks_missing(path, {}), std::runtime_error);
}

}  // namespace
