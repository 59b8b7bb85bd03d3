#include "tests/sim/leftovers.h"

#include <gtest/gtest.h>

#include "tests/sim/world.h"

namespace {

TEST(leftovers, a_pattern_is_itself_but_for_digits) {
    EXPECT_TRUE(sim::is_like("/a/0f-12.ltx", "/a/#-#.ltx"));
    EXPECT_FALSE(sim::is_like("/a/0f-12.ltx.tmp", "/a/#-#.ltx"));
    EXPECT_FALSE(sim::is_like("/a/0f-.ltx", "/a/#-#.ltx"));
    EXPECT_FALSE(sim::is_like("/a/0f", "/a/#-#.ltx"));
    EXPECT_FALSE(sim::is_like("/a/0F", "/a/#"));
    EXPECT_FALSE(sim::is_like("/a/0f/1", "/a/#"));
}

TEST(leftovers, temporaries_and_files_that_nobody_knows_are_found_wherever_they_are) {
    sim::world all(1);
    sim::disk& disk = all.add_host("a").disk;
    const auto make = [&](const std::string& path) {
        int problem = 0;
        for (std::size_t at = path.find('/', 1); at != std::string::npos; at = path.find('/', at + 1)) (void)disk.make_directory(path.substr(0, at));
        ASSERT_TRUE(disk.open(path, true, true, problem)) << path;
    };
    for (const char* path : {"/data/db1", "/data/db1-wal", "/data/db1-shm", "/state/lock", "/state/identity", "/state/state.db", "/state/sums/0b9db45667262f04",
                             "/state/shadow/0b9db45667262f04/0000000000000001", "/state/shadow/0b9db45667262f04/0000000000000001.damaged-1767225600000",
                             "/state/cache/0b9db45667262f04/9/0000000000000001-0000000000000005.ltx", "/locks/0000000000000001-0000000000000003.lock",
                             "/store/db1/ltx/0/0000000000000001-0000000000000001.ltx", "/store/db1/owner/0000000000000001.json", "/elsewhere"}) {
        make(path);
    }
    EXPECT_TRUE(sim::strangers(disk).empty());
    const std::vector<std::string> strange = {"/state/cache/0b9db45667262f04/0/0000000000000005-0000000000000005.ltx.tmp", "/state/identity.tmp", "/data/db1-journal",
                                              "/store/.flotilla-tmp/1a4f4f72bbc9f088-8.tmp"};
    for (const auto& path : strange) make(path);
    EXPECT_EQ(sim::strangers(disk), strange);
}

}  // namespace
