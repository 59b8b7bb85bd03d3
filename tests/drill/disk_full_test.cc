// Disks that are full or read-only, at each place that flotilla writes to, and at the one that the application writes to.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>

#include "tests/drill/fixture.h"
#include "tests/support/small_disk.h"
#include "tests/support/sqlite.h"

namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class full_disk : public drill::drill_test {
protected:
    std::vector<std::string> all = paths("app", 3);

    std::unique_ptr<tests::watch> begin(drill::words options = {}) {
        options.insert(options.end(), {"--min-interval", "0", "--checkpoint-size", "64KiB"});
        auto run = start(options);
        for (const auto& path : all) run->await("attached", 1, stream_of(path));
        return run;
    }
    // Commits in each and waits until that is durable.
    void commit_and_confirm(tests::watch& run, drill::writers& applications, int times) {
        for (int i = 0; i < times; ++i) {
            std::map<std::string, std::size_t> before;
            for (const auto& path : all) before[path] = run.count("confirmed", stream_of(path));
            applications.commit(all);
            for (const auto& path : all) run.await("confirmed", before[path] + 1, stream_of(path));
        }
    }
};

// Whichever write is the first that fails: the log's tail at a handoff, page sums, state.db.
TEST_F(full_disk, of_the_state_directory_does_not_stop_replication) {
    tests::small_disk disk(dir.file("disk"), 4U << 20U);
    state = disk.file("state");
    drill::writers applications(all, 0);
    for (const std::size_t leaving : {0U, 4096U, 16384U, 65536U, 262144U}) {
        SCOPED_TRACE(leaving);
        auto run = begin();
        disk.fill(leaving);
        commit_and_confirm(*run, applications, 40);
        disk.give_back();
        commit_and_confirm(*run, applications, 5);
        EXPECT_EQ(run->stop(), 0) << run->log();
        expect_all_restored(applications.counts());
    }
}

TEST_F(full_disk, of_the_state_directory_at_a_start_is_told_and_harms_nothing) {
    tests::small_disk disk(dir.file("disk"), 1U << 20U);
    state = disk.file("state");
    drill::writers applications(all, 0);
    disk.fill();
    const auto refused = tests::flotilla({"watch", databases, "--to", store, "--state", state});
    EXPECT_EQ(refused.code, 1);
    EXPECT_THAT(refused.err, HasSubstr("state directory"));
    applications.commit(all);
    disk.give_back();
    auto run = begin();
    commit_and_confirm(*run, applications, 2);
    EXPECT_EQ(run->stop(), 0) << run->log();
    expect_all_restored(applications.counts());
}

TEST_F(full_disk, of_the_database_is_the_application_s_own_trouble_and_no_worse_than_without_flotilla) {
    tests::small_disk disk(dir.file("disk"), 2U << 20U);
    const std::string path = disk.file("app.db");
    tests::app app(path);
    app.run("PRAGMA journal_mode=WAL; CREATE TABLE t(id INTEGER PRIMARY KEY, x BLOB); INSERT INTO t(x) VALUES('first')");
    tests::watch run({path, "--to", store, "--state", state, "--min-interval", "0", "--checkpoint-size", "64KiB"}, dir.file("watch.log"));
    run.await("attached");
    disk.fill(65536);
    std::int64_t rows = 1;
    try {
        while (rows < 1000) {
            app.run("INSERT INTO t(x) VALUES(randomblob(2000))");
            ++rows;
        }
        ADD_FAILURE() << "the disk never was full";
    } catch (const std::runtime_error& e) {
        EXPECT_THAT(e.what(), HasSubstr("disk is full"));
    }
    EXPECT_EQ(app.number("SELECT count(*) FROM t"), rows);
    disk.give_back();
    run.await_after("confirmed", [&] { app.run("INSERT INTO t(x) VALUES('there is room again')"); });
    EXPECT_EQ(app.number("SELECT count(*) FROM t"), rows + 1);
    EXPECT_EQ(run.stop(), 0) << run.log();
    const auto done = tests::flotilla({"restore", "app.db", "--from", store, "-o", dir.file("restored.db")});
    ASSERT_EQ(done.code, 0) << done.err;
    EXPECT_TRUE(tests::dump(dir.file("restored.db")) == tests::dump(path));
    expect_verified();
}

TEST_F(full_disk, or_a_read_only_one_below_the_state_directory_is_told_at_a_start_and_harms_nothing) {
    tests::small_disk disk(dir.file("disk"), 4U << 20U);
    state = disk.file("state");
    drill::writers applications(all, 0);
    auto run = begin();
    commit_and_confirm(*run, applications, 2);
    EXPECT_EQ(run->stop(), 0) << run->log();
    disk.make_read_only();
    const auto refused = tests::flotilla({"watch", databases, "--to", store, "--state", state});
    EXPECT_EQ(refused.code, 1);
    EXPECT_THAT(refused.err, HasSubstr("state directory"));
    applications.commit(all);
    state = dir.file("another-state");  // the old one is out of reach: as if it were lost
    run = begin();
    commit_and_confirm(*run, applications, 2);
    EXPECT_EQ(run->stop(), 0) << run->log();
    expect_all_restored(applications.counts());
}

// As a user who may write the files that are open, but may not make another one: what a remounted disk or changed permissions are like.
TEST_F(full_disk, or_a_state_directory_that_becomes_read_only_under_a_watch_does_not_stop_replication) {
    const std::string program = dir.file("flotilla");
    fs::copy(std::getenv("FLOTILLA"), program);
    drill::writers applications(all, 0);
    for (const auto& each : {dir.path(), databases, program}) fs::permissions(each, fs::perms::all);
    for (const auto& path : all) {
        for (const char* part : {"", "-wal", "-shm"}) fs::permissions(path + part, fs::perms::all);
    }
    for (const auto& each : {state, store, dir.file("home")}) {
        fs::create_directories(each);
        fs::permissions(each, fs::perms::all);
    }
    auto run = tests::process::start({"setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", program, "watch", databases, "--to", store, "--state", state,
                                      "--min-interval", "0", "--checkpoint-size", "64KiB"},
                                     {.out = tests::channel::null(), .err = tests::channel::pipe(), .environment = {{"HOME", dir.file("home")}}});
    const auto await = [&](const std::string& words) {
        for (auto line = run.read_error_line(); line; line = run.read_error_line()) {
            if (line->find(words) != std::string::npos) return;
        }
        FAIL() << "it ended and never said " << words;
    };
    for (std::size_t i = 0; i < all.size(); ++i) await("in step");
    for (const auto& each : fs::recursive_directory_iterator(state)) {
        if (each.is_directory()) fs::permissions(each.path(), fs::perms::owner_read | fs::perms::owner_exec | fs::perms::others_read | fs::perms::others_exec);
    }
    fs::permissions(state, fs::perms::owner_read | fs::perms::owner_exec | fs::perms::others_read | fs::perms::others_exec);
    for (int i = 0; i < 200; ++i) applications.commit(all);  // past the length at which a log is handed off
    run.send_signal(SIGTERM);
    EXPECT_EQ(run.wait(), 0);
    expect_all_restored(applications.counts());
}

}  // namespace
