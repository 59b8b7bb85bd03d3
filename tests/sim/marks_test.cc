#include "tests/sim/marks.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>
#include <stdexcept>

namespace {

TEST(marks, what_was_not_reached_and_what_is_not_listed_is_told) {
    const std::string path = testing::TempDir() + "flotilla_marks.txt";
    std::ofstream(path) << "# words\n\nspilled\nhalted   # why\nseldom wal over limit\nseldom evicted\n";
    const auto all = sim::hold_marks(path, {{"spilled", 3}, {"halted", 1}, {"evicted", 1}, {"wal over limit", 2}});
    EXPECT_EQ(all.wrong + all.seldom, "");
    const auto few = sim::hold_marks(path, {{"spilled", 3}, {"new", 1}});
    EXPECT_EQ(few.wrong, "never reached: halted\nreached, and not in the list: new\n");
    EXPECT_EQ(few.seldom, "not reached this time: wal over limit, evicted\n");
    std::remove(path.c_str());
    EXPECT_THROW((void)sim::hold_marks(path, {}), std::runtime_error);
}

}  // namespace
