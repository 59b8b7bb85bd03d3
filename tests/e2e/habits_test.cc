// Applications of all habits, under a real `flotilla watch`: what comes back is what they have.
#include <filesystem>

#include "tests/e2e/fixture.h"

namespace e2e {
namespace {

class habits : public end_to_end {
protected:
    // The end of most of these tests: the application ends, then flotilla, and the copy holds everything, in order.
    void expect_everything(tests::watch& run, application& app) {
        const std::int64_t commits = app.finish();
        EXPECT_EQ(run.stop(), 0) << run.log();
        expect_in_order(run, "app.db");
        expect_log(restore("app.db"), commits);
        expect_same_rows("app.db", db);
        expect_verified();
    }
};

TEST_F(habits, full_speed_with_default_checkpoints) {
    create(db);
    auto run = follow(db, {"--checkpoint-size", "1MiB"});
    application app("full_speed", db);
    run->await("handed_off", 3);
    app.await_commits(1000);
    expect_everything(*run, app);
    EXPECT_EQ(run->count("reanchored"), 0U);
}

TEST_F(habits, a_connection_for_every_statement) {
    create(db);
    auto run = follow(db, {"--checkpoint-size", "64KiB"});
    application app("reconnecting", db);
    run->await("handed_off", 2);
    expect_everything(*run, app);
    EXPECT_EQ(run->count("reanchored"), 0U);
}

class checkpoint_loops : public habits, public testing::WithParamInterface<const char*> {};

TEST_P(checkpoint_loops, while_we_run_and_while_we_are_stopped) {
    create(db);
    application app("checkpointing", db, {std::string("mode=") + GetParam()});
    auto run = follow(db, {"--checkpoint-size", "64KiB"});
    run->await("handed_off", 2);
    EXPECT_EQ(run->stop(), 0) << run->log();
    EXPECT_EQ(run->count("reanchored"), 0U) << "a pinned log cannot be restarted by anybody else";
    expect_in_order(*run, "app.db");

    const std::int64_t restarts = app.ask().restarts;
    while (app.ask().restarts < restarts + 3) {}

    run = follow(db, {"--checkpoint-size", "64KiB"});
    EXPECT_EQ(run->count("reanchored"), 1U) << "the log was restarted unseen, and nobody says so";
    run->await("handed_off", 2);
    expect_everything(*run, app);
    EXPECT_EQ(run->count("reanchored"), 1U);
}

INSTANTIATE_TEST_SUITE_P(modes, checkpoint_loops, testing::Values("TRUNCATE", "RESTART"), [](const auto& one) { return std::string(one.param); });

TEST_F(habits, vacuum_that_shrinks) {
    create(db);
    auto run = follow(db, {"--checkpoint-size", "256KiB"});
    application app("vacuuming", db);
    run->await("handed_off", 3);
    app.await_commits(4);
    expect_everything(*run, app);
}

class auto_vacuum : public habits, public testing::WithParamInterface<const char*> {};

TEST_P(auto_vacuum, grows_and_shrinks) {
    create(db, std::string("PRAGMA auto_vacuum=") + GetParam());
    auto run = follow(db, {"--checkpoint-size", "256KiB"});
    application app("auto_vacuuming", db, {std::string("mode=") + GetParam()});
    run->await("handed_off", 3);
    app.await_commits(4);
    expect_everything(*run, app);
    tests::app copy(restore("app.db"));
    EXPECT_EQ(copy.text("PRAGMA auto_vacuum"), std::string(GetParam()) == "full" ? "1" : "2");
}

INSTANTIATE_TEST_SUITE_P(modes, auto_vacuum, testing::Values("full", "incremental"), [](const auto& one) { return std::string(one.param); });

// It keeps the log from being restarted, by anybody: the log grows, and everything in it is shipped all the same.
TEST_F(habits, a_reader_of_an_old_mark_for_the_whole_run) {
    create(db);
    application reader("reading", db);
    auto run = follow(db, {"--checkpoint-size", "64KiB"});
    application app("full_speed", db);
    run->await("confirmed", 20);
    app.await_commits(1000);
    EXPECT_EQ(run->count("handed_off"), 0U);
    const std::int64_t commits = app.finish();
    EXPECT_EQ(run->stop(), 0) << run->log();
    expect_in_order(*run, "app.db");
    expect_log(restore("app.db"), commits);
    expect_verified();

    // Goes on from there, reader and all; once it ends, the log is handed off.
    run = follow(db, {"--checkpoint-size", "64KiB"});
    application later("full_speed", db, {"writer=2"});
    run->await_another("confirmed");
    reader.finish();
    run->await("handed_off");
    expect_log(restore("app.db"), commits);
    const std::int64_t more = later.finish();
    EXPECT_EQ(run->stop(), 0) << run->log();
    EXPECT_EQ(run->count("reanchored"), 0U);
    expect_log(restore("app.db"), more, 2);
    expect_same_rows("app.db", db);
    expect_verified();
}

TEST_F(habits, two_writers) {
    create(db);
    auto run = follow(db, {"--checkpoint-size", "256KiB"});
    application one("full_speed", db, {"writer=1"});
    application other("full_speed", db, {"writer=2"});
    run->await("handed_off", 2);
    one.await_commits(100);
    other.await_commits(100);
    const std::int64_t commits = one.finish();
    const std::int64_t others = other.finish();
    EXPECT_EQ(run->stop(), 0) << run->log();
    expect_in_order(*run, "app.db");
    const std::string copy = restore("app.db");
    expect_log(copy, commits, 1);
    expect_log(copy, others, 2);
    expect_same_rows("app.db", db);
    expect_verified();
}

class page_sizes : public habits, public testing::WithParamInterface<const char*> {};

TEST_P(page_sizes, come_back) {
    create(db, std::string("PRAGMA page_size=") + GetParam());
    auto run = follow(db, {"--checkpoint-size", "256KiB"});
    application app("full_speed", db, {"sync=FULL"});  // else 64 KiB pages are written faster than anybody can ship them
    run->await("handed_off", 2);
    expect_everything(*run, app);
    EXPECT_EQ(run->count("reanchored"), 0U);
    tests::app copy(restore("app.db"));
    EXPECT_EQ(copy.text("PRAGMA page_size"), GetParam());
}

INSTANTIATE_TEST_SUITE_P(bytes, page_sizes, testing::Values("512", "1024", "4096", "65536"), [](const auto& one) { return std::string(one.param); });

}  // namespace
}  // namespace e2e
