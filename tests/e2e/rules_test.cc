// What a user was promised: who holds a database, settings, signals, the README.
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "tests/e2e/fixture.h"

namespace e2e {
namespace {

namespace fs = std::filesystem;

class rules : public end_to_end {
protected:
    void expect_names_holder(const tests::watch& second, const tests::watch& holder) {
        EXPECT_NE(second.log().find(std::to_string(holder.pid())), std::string::npos) << second.log();
        EXPECT_NE(second.log().find("flotilla watch"), std::string::npos) << second.log();
    }
    // A store that answers nothing but errors, until it is mended.
    void break_store() {
        if (on_s3()) return tests::rgw::shared().pause();
        fs::rename(store, dir.file("store-away"));
        std::ofstream(store) << "a file where the store was";
    }
    void mend_store() {
        if (on_s3()) return tests::rgw::shared().restart();
        fs::remove(store);
        fs::rename(dir.file("store-away"), store);
    }
};

TEST_F(rules, E5_a_second_watch_of_a_database_is_told_who_has_it) {
    create(db);
    auto first = follow(db);
    tests::watch second({db, "--to", dir.file("other-store"), "--state", dir.file("other-state")}, dir.file("second.log"));
    EXPECT_EQ(second.wait(), 3);
    expect_names_holder(second, *first);
    EXPECT_EQ(second.count("attached"), 0U);
    EXPECT_EQ(second.count("confirmed"), 0U);
    // The first one never noticed.
    first->await_after("confirmed", [&] { tests::app(db).run("INSERT INTO t(x) VALUES('undisturbed')"); });
    EXPECT_EQ(first->stop(), 0) << first->log();
    EXPECT_EQ(first->count("reanchored"), 0U);
    expect_same_rows("app.db", db);
}

TEST_F(rules, E6_the_same_command_twice_is_told_who_runs_it) {
    create(db);
    auto first = follow(db);
    tests::watch second({db, "--to", store, "--state", state}, dir.file("second.log"));
    EXPECT_EQ(second.wait(), 3);
    expect_names_holder(second, *first);
    // By another name for the same file, too.
    fs::create_symlink(db, dir.file("link.db"));
    tests::watch third({dir.file("link.db"), "--to", store, "--state", dir.file("third-state")}, dir.file("third.log"));
    EXPECT_EQ(third.wait(), 3);
    expect_names_holder(third, *first);
    // When the first one is gone the database is free, however it ended.
    first->kill();
    auto next = follow(db);
    EXPECT_EQ(next->stop(), 0) << next->log();
}

// A copy of the database, on another host as it were: refused while the first one lives, and told who that is; free to go on once it has ended;
// and then the first one is refused in turn, for its copy is the older one.
TEST_F(rules, E6_two_watches_of_copies_of_one_database_the_second_is_refused_and_goes_on_when_the_first_has_ended) {
    create(db);
    const std::string copy = dir.file("copy.db");
    fs::copy_file(db, copy);
    auto first = follow(db);
    tests::watch second({"app.db=" + copy, "--to", store, "--state", dir.file("other-state"), "--min-interval", "0"}, dir.file("second.log"));
    EXPECT_EQ(second.wait(), 4) << second.log();
    for (const std::string& part : words{"another host ships this stream", std::to_string(first->pid()), "--take-over"}) {
        EXPECT_NE(second.log().find(part), std::string::npos) << part << " is not in: " << second.log();
    }
    first->await_after("confirmed", [&] { tests::app(db).run("INSERT INTO t(x) VALUES('of the first')"); });
    EXPECT_EQ(first->stop(), 0) << first->log();
    expect_same_rows("app.db", db);
    tests::watch third({"app.db=" + copy, "--to", store, "--state", dir.file("other-state"), "--min-interval", "0"}, dir.file("third.log"));
    third.await("took_over");
    third.await("attached");
    third.await_after("confirmed", [&] { tests::app(copy).run("INSERT INTO t(x) VALUES('of the copy')"); });
    EXPECT_EQ(third.stop(), 0) << third.log();
    expect_same_rows("app.db", copy);
    expect_verified();
    auto again = start({db});
    again->await("overtaken");
    EXPECT_EQ(again->stop(), 4) << "its commits are not in the store";
    expect_same_rows("app.db", copy);
    expect_verified();
}

TEST_F(rules, E7_min_interval_is_obeyed) {
    create(db);
    tests::app app(db);
    auto eager = follow(db, {"--min-interval", "0"});
    for (int i = 0; i < 10; ++i) eager->await_after("confirmed", [&] { app.run("INSERT INTO t(x) VALUES('a')"); });
    EXPECT_EQ(eager->stop(), 0) << eager->log();
    auto thrifty = follow(db, {"--min-interval", "1h"});
    thrifty->await_after("confirmed", [&] { app.run("INSERT INTO t(x) VALUES('the first need not wait')"); });
    for (int i = 0; i < 10; ++i) app.run("INSERT INTO t(x) VALUES('b')");
    EXPECT_EQ(thrifty->stop(), 0) << thrifty->log();
    EXPECT_EQ(thrifty->count("confirmed"), 2U) << "the others travel together, at the end";
    expect_same_rows("app.db", db);
}

TEST_F(rules, E7_checkpoint_size_bounds_the_log) {
    create(db);
    tests::app app(db);
    const auto write = [&](tests::watch& run) {
        for (int i = 0; i < 60; ++i) run.await_after("confirmed", [&] { app.run("INSERT INTO t(x) VALUES(hex(randomblob(15000)))"); });
    };
    auto run = follow(db, {"--checkpoint-size", "64MiB"});
    write(*run);
    EXPECT_EQ(run->stop(), 0) << run->log();
    EXPECT_EQ(run->count("handed_off"), 0U);
    EXPECT_GT(fs::file_size(db + "-wal"), 60U * 30'000);
    app.run("PRAGMA wal_checkpoint(TRUNCATE)");
    run = follow(db, {"--checkpoint-size", "128KiB"});
    write(*run);
    EXPECT_EQ(run->stop(), 0) << run->log();
    EXPECT_GE(run->count("handed_off"), 5U);
    EXPECT_LT(fs::file_size(db + "-wal"), 3U * 128 * 1024);  // never truncated: it is as long as it ever was
    expect_same_rows("app.db", db);
}

TEST_F(rules, E7_batch_size_cuts_a_backlog) {
    create(db);
    EXPECT_EQ(follow(db)->stop(), 0);
    tests::app app(db);
    app.run("PRAGMA wal_autocheckpoint=0");
    const auto backlog = [&] {
        for (int i = 0; i < 80; ++i) app.run("INSERT INTO t(x) VALUES(hex(randomblob(50000)))");
    };
    backlog();  // 8 MiB
    auto run = follow(db, {"--batch-size", "1MiB", "--checkpoint-size", "1GiB"});
    run->await("confirmed", 4);
    EXPECT_EQ(run->stop(), 0) << run->log();
    EXPECT_LE(run->count("confirmed"), 10U);
    backlog();
    run = follow(db, {"--batch-size", "64MiB", "--checkpoint-size", "1GiB"});
    run->await("confirmed");
    EXPECT_EQ(run->stop(), 0) << run->log();
    EXPECT_EQ(run->count("confirmed"), 1U);
    expect_same_rows("app.db", db);
}

TEST_F(rules, E7_snapshot_interval_is_obeyed) {
    create(db);
    auto run = follow(db, {"--snapshot-interval", "1s"});
    EXPECT_EQ(run->count("snapshot"), 1U);
    run->await_after("confirmed", [&] { tests::app(db).run("INSERT INTO t(x) VALUES('a')"); });
    run->await("snapshot", 2);
    EXPECT_EQ(run->stop(), 0) << run->log();
    expect_same_rows("app.db", db);
    expect_verified();
}

TEST_F(rules, E7_a_file_is_obeyed_a_flag_beats_it_and_what_is_unknown_is_an_error) {
    create(db);
    const std::string file = dir.file("flotilla.toml");
    const std::string good = "to = '" + store + "'\nstate = '" + state + "'\nmin-interval = '1h'\n[[database]]\npath = '" + db + "'\nname = 'named'\n";
    std::ofstream(file) << good;
    tests::app app(db);
    {
        tests::watch run({"--config", file}, dir.file("file.log"));
        run.await("attached", 1, "named");
        run.await_after("confirmed", [&] { app.run("INSERT INTO t(x) VALUES('first')"); });
        for (int i = 0; i < 100; ++i) app.run("INSERT INTO t(x) VALUES('a')");
        EXPECT_EQ(run.stop(), 0) << run.log();
        EXPECT_EQ(run.count("confirmed"), 3U) << "the snapshot, the first, the others together";
    }
    {
        tests::watch run({"--config", file, "--min-interval", "0"}, dir.file("flag.log"));
        run.await("attached", 1, "named");
        for (int i = 0; i < 5; ++i) run.await_after("confirmed", [&] { app.run("INSERT INTO t(x) VALUES('b')"); });
        EXPECT_EQ(run.stop(), 0) << run.log();
    }
    expect_same_rows("named", db);
    std::ofstream(file) << good << "min-intervall = '1s'\n";
    tests::watch refused({"--config", file}, dir.file("refused.log"));
    EXPECT_EQ(refused.wait(), 2);
    EXPECT_NE(refused.log().find("min-intervall"), std::string::npos) << refused.log();
    EXPECT_EQ(tests::flotilla({"watch", db, "--to", store, "--state", state, "--min-intervall", "1s"}).code, 2);
}

// What the README shows is run, as it stands there.
TEST_F(rules, E8_the_readme_is_true) {
    std::ifstream in(FLOTILLA_TEST_DATA "/../../README.md");
    const std::string readme{std::istreambuf_iterator<char>(in), {}};
    const std::string mark = "<!-- run -->\n```sh\n";
    const auto begin = readme.find(mark);
    ASSERT_NE(begin, std::string::npos);
    const std::string block = readme.substr(begin + mark.size(), readme.find("\n```", begin + mark.size()) - begin - mark.size());
    const std::string program = fs::absolute(std::getenv("FLOTILLA"));
    tests::process_options settings;
    settings.directory = dir.path();
    settings.environment["PATH"] = fs::path(program).parent_path().string() + ":" + std::getenv("PATH");
    const auto done = tests::run_process({"bash", "-euo", "pipefail", "-c", block}, settings);
    EXPECT_EQ(done.code, 0) << done.out << done.err;
    EXPECT_NE(done.out.find("hello\nworld\n"), std::string::npos) << done.out;
    EXPECT_EQ(tests::app(dir.file("first.db")).text("SELECT group_concat(x) FROM t"), "hello");
}

TEST_F(rules, sigterm_ships_what_was_committed_and_exits_0) {
    create(db);
    auto run = follow(db, {"--min-interval", "1h"});
    tests::app app(db);
    run->await_after("confirmed", [&] { app.run("INSERT INTO t(x) VALUES('first')"); });
    for (int i = 0; i < 100; ++i) app.run("INSERT INTO t(x) VALUES(hex(randomblob(5000)))");
    EXPECT_EQ(run->stop(), 0) << run->log();
    EXPECT_EQ(run->events().back().event, "ended");
    expect_same_rows("app.db", db);
    expect_verified();
}

TEST_F(rules, a_drain_that_does_not_succeed_is_an_error_after_its_limit_and_nothing_is_lost) {
    create(db);
    auto run = follow(db, {"--drain-limit", "100ms"});
    tests::app app(db);
    break_store();
    run->await_after("failing", [&] { app.run("INSERT INTO t(x) VALUES('waits')"); });
    run->send_signal(SIGTERM);
    EXPECT_EQ(run->wait(tests::process::milliseconds(20'000)), 4) << "the default limit is 30 s";
    mend_store();
    run = follow(db);
    EXPECT_EQ(run->count("reanchored"), 0U);
    EXPECT_EQ(run->stop(), 0) << run->log();
    expect_same_rows("app.db", db);
    expect_verified();
}

TEST_F(rules, a_second_signal_exits_at_once_says_so_and_nothing_is_lost) {
    create(db);
    auto run = follow(db, {"--drain-limit", "1h"});
    tests::app app(db);
    break_store();
    run->await_after("failing", [&] { app.run("INSERT INTO t(x) VALUES('waits')"); });
    run->send_signal(SIGINT);
    run->send_signal(SIGTERM);  // another one, so that the two cannot become one
    EXPECT_EQ(run->wait(), 1);
    EXPECT_NE(run->log().find("app.db (in the store up to TXID 1)"), std::string::npos) << run->log();
    mend_store();
    run = follow(db);
    EXPECT_EQ(run->count("reanchored"), 0U);
    EXPECT_EQ(run->stop(), 0) << run->log();
    expect_same_rows("app.db", db);
    expect_verified();
}

}  // namespace
}  // namespace e2e
