// What status, list and the progress bar say.
#include <gtest/gtest.h>

#include <fstream>

#include "apps/progress.h"
#include "apps/running.h"
#include "apps/streams.h"
#include "io/posix_file_system.h"
#include "tests/support/temp_directory.h"

namespace {

TEST(running, a_flock_is_found_by_its_inode) {
    const std::string locks =
        "1: POSIX  ADVISORY  READ 31424 fe:00:10027072 124 124\n"
        "2: FLOCK  ADVISORY  WRITE 31424 fe:00:836777 0 EOF\n"
        "2: -> FLOCK  ADVISORY  WRITE 31500 fe:00:99 0 EOF\n"
        "nonsense\n\n3: FLOCK ADVISORY WRITE 1 fe:00:x 0 EOF";
    EXPECT_TRUE(apps::has_flock(locks, 836777));
    EXPECT_FALSE(apps::has_flock(locks, 10027072));
    EXPECT_FALSE(apps::has_flock(locks, 99));
    EXPECT_FALSE(apps::has_flock(locks, 36777));
    EXPECT_FALSE(apps::has_flock("", 1));
}

TEST(running, a_watch_is_seen_while_it_holds_its_lock) {
    tests::temp_directory dir;
    io::posix_file_system files;
    EXPECT_EQ(apps::running_watch(files, dir.path()), "");
    {
        auto lock = files.lock(dir.file("lock"), "flotilla watch (pid 17)");
        ASSERT_TRUE(lock.has_value());
        const auto seen = apps::running_watch(files, dir.path());
        if (seen) EXPECT_EQ(*seen, "flotilla watch (pid 17)");  // nullopt where there is no /proc/locks
        EXPECT_FALSE(files.lock(dir.file("lock"), "another").has_value());
    }
    const auto after = apps::running_watch(files, dir.path());
    if (after) EXPECT_EQ(*after, "");
}

TEST(streams, those_there_are_in_a_sentence) {
    EXPECT_EQ(apps::those_there_are({}), "; the store holds no streams");
    EXPECT_EQ(apps::those_there_are({"a.db", "b.db"}), "; the store holds: a.db, b.db");
    EXPECT_NE(apps::those_there_are(std::vector<std::string>(13, "x")).find("and 3 more"), std::string::npos);
}

TEST(progress, line) {
    EXPECT_EQ(apps::progress_line("restoring a", 0, 10), "restoring a [" + std::string(40, '.') + "]   0%");
    EXPECT_EQ(apps::progress_line("restoring a", 5, 10), "restoring a [" + std::string(20, '#') + std::string(20, '.') + "]  50%");
    EXPECT_EQ(apps::progress_line("v", 11, 10), "v [" + std::string(40, '#') + "] 100%");
    EXPECT_EQ(apps::progress_line("v", 0, 0), "v [" + std::string(40, '#') + "] 100%");
}

}  // namespace
