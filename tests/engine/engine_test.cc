// The engine against real SQLite and a directory store: what is committed comes back, whatever happens in between.
#include "tests/support/process.h"
#include "tests/engine/engine_world.h"
#include "tests/support/chain_builder.h"

#include <fstream>

#include "tests/support/halting_vfs.h"

namespace {

using namespace std::chrono_literals;
using tests::what;
using engine_test = tests::engine_world;

TEST_F(engine_test, commits_come_back) {
    create("INSERT INTO t(x) VALUES('before')");
    start();
    until([&] { return count(what::attached) == 1; });
    tests::app db(db_path);
    for (int i = 0; i < 50; ++i) db.run("INSERT INTO t(x) VALUES('row " + std::to_string(i) + "')");
    stop();
    EXPECT_EQ(tests::dump(restore()), tests::dump(db_path));
    EXPECT_EQ(objects(9), 1U);
    expect_sound();
}

// A commit becomes visible through the mapped index, which no watcher sees; the last event comes with its last write, before.
TEST_F(engine_test, E9_a_commit_published_after_the_last_event_is_shipped_without_another) {
    create();
    start();
    until([&] { return count(what::attached) == 1; });
    bool looking = false;
    tests::halting_vfs vfs([&] {
        if (!looking) return;
        looking = false;
        const std::size_t before = count(what::confirmed);
        world.loop().run_for(50ms);  // the engine hears of the writes and looks
        world.loop().restart();
        ASSERT_EQ(count(what::confirmed), before);
    });
    tests::app db(db_path, 5000, tests::halting_vfs::name().c_str());
    db.run("PRAGMA synchronous=FULL");
    const std::size_t before = count(what::confirmed);
    looking = true;
    db.run("INSERT INTO t(x) VALUES('published late')");
    ASSERT_FALSE(looking);
    until([&] { return count(what::confirmed) > before; });
    stop();
    EXPECT_EQ(tests::dump(restore()), tests::dump(db_path));
}

TEST_F(engine_test, a_restart_goes_on_without_uploading_again) {
    create();
    start();
    until([&] { return count(what::attached) == 1; });
    tests::app db(db_path);
    db.run("INSERT INTO t(x) VALUES('one')");
    stop();
    const std::size_t before = objects(0);
    for (int i = 0; i < 3; ++i) {
        start();
        until([&] { return count(what::attached) == 2U + static_cast<std::size_t>(i); });
        stop();
    }
    EXPECT_EQ(objects(0), before);
    EXPECT_EQ(objects(9), 1U);
    EXPECT_EQ(count(what::reanchored), 0U);
    start();
    until([&] { return count(what::attached) == 5; });
    db.run("INSERT INTO t(x) VALUES('two')");
    stop();
    EXPECT_EQ(objects(0), before + 1);
    EXPECT_EQ(tests::dump(restore()), tests::dump(db_path));
    expect_sound();
}

TEST_F(engine_test, A4_the_log_is_handed_off_and_nothing_is_missed) {
    create();
    start();
    until([&] { return count(what::attached) == 1; });
    tests::app db(db_path);
    int i = 0;
    until([&] {
        db.run("INSERT INTO t(x) VALUES(hex(randomblob(2000)))");
        return ++i >= 300 && count(what::handed_off) >= 3;
    });
    stop();
    EXPECT_EQ(count(what::reanchored), 0U);
    EXPECT_EQ(tests::dump(restore()), tests::dump(db_path));
    EXPECT_LT(std::filesystem::file_size(db_path + "-wal"), 4U << 20U);
    expect_sound();
}

// After a handoff the log begins with a frame of ours: when that alone was as large as a batch may be, nothing was shipped any more.
TEST_F(engine_test, A4_a_batch_smaller_than_a_frame_ships_all_the_same) {
    {
        tests::app db(db_path);
        db.run("PRAGMA page_size=65536; PRAGMA journal_mode=WAL; CREATE TABLE t(id INTEGER PRIMARY KEY, x TEXT)");
    }
    settings.targets[0].settings.batch_bytes = 1;
    start();
    until([&] { return count(what::attached) == 1; });
    tests::app db(db_path);
    for (std::size_t handed = 1; handed <= 2; ++handed) {
        db.run("INSERT INTO t(x) VALUES(hex(randomblob(2000)))");
        until([&] { return count(what::handed_off) >= handed; });
    }
    const std::size_t before = count(what::confirmed);
    db.run("INSERT INTO t(x) VALUES('after')");
    until([&] { return count(what::confirmed) > before; });
    stop();
    EXPECT_EQ(tests::dump(restore()), tests::dump(db_path));
    expect_sound();
}

TEST_F(engine_test, A3_a_log_restarted_while_we_were_away_costs_the_changed_pages) {
    create("INSERT INTO t(x) SELECT hex(randomblob(500)) FROM (WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<500) SELECT i FROM n)");
    start();
    until([&] { return count(what::attached) == 1; });
    stop();
    const std::size_t snapshots = objects(9);
    {
        tests::app db(db_path);
        db.run("UPDATE t SET x='changed' WHERE id=250");
        db.run("PRAGMA wal_checkpoint(TRUNCATE)");
        db.run("INSERT INTO t(x) VALUES('after')");
    }
    start();
    until([&] { return count(what::attached) == 2; });
    EXPECT_EQ(count(what::reanchored), 1U);
    stop();
    EXPECT_EQ(objects(9), snapshots) << "no second full upload";
    EXPECT_EQ(tests::dump(restore()), tests::dump(db_path));
    expect_sound();
}

// A deploy script that removes -wal and -shm under us: the application's next process writes a log that our connections do not see.
TEST_F(engine_test, A3_a_log_removed_behind_our_back_is_told_and_what_follows_is_shipped) {
    create();
    start();
    until([&] { return count(what::attached) == 1; });
    std::filesystem::remove(db_path + "-wal");
    std::filesystem::remove(db_path + "-shm");
    const auto written = tests::run_process({"sqlite3", db_path, "INSERT INTO t(x) VALUES('after the deploy')"});
    ASSERT_EQ(written.code, 0) << written.err;
    until([&] { return count(what::reanchored) == 1 && count(what::attached) == 2; });
    stop();
    EXPECT_EQ(tests::dump(restore()), tests::dump(db_path));
    expect_sound();
}

TEST_F(engine_test, every_txid_restores_to_the_state_it_had) {
    create();
    start();
    until([&] { return count(what::attached) == 1; });
    tests::app db(db_path);
    std::map<std::uint64_t, std::string> states;
    for (int i = 0; i < 10; ++i) {
        const std::size_t before = count(what::confirmed);
        db.run("INSERT INTO t(x) VALUES('row " + std::to_string(i) + "')");
        until([&] { return count(what::confirmed) > before; });
        states[events.back().txid] = tests::dump(db_path);
    }
    stop();
    ASSERT_EQ(states.size(), 10U);
    for (const auto& [txid, state] : states) EXPECT_EQ(tests::dump(restore({engine::restore_target::what::txid, txid})), state) << txid;
}

TEST_F(engine_test, A7_a_first_snapshot_holds_what_is_only_in_the_log) {
    create();
    tests::app reader(db_path);
    reader.run("BEGIN; SELECT * FROM t");  // keeps it there
    tests::app(db_path).run("INSERT INTO t(x) VALUES('only in the log')");
    start();
    until([&] { return count(what::attached) == 1; });
    stop();
    EXPECT_EQ(tests::dump(restore(engine::restore_target::at_txid(1))), tests::dump(db_path));
}

TEST_F(engine_test, F11_what_the_first_snapshot_holds_is_not_shipped_again_and_the_next_object_stands_on_it) {
    create();
    tests::app reader(db_path);
    reader.run("BEGIN; SELECT * FROM t");  // the log goes on, from the snapshot's mark
    tests::app(db_path).run("INSERT INTO t(x) VALUES('one')");
    start();
    until([&] { return count(what::attached) == 1; });
    stop();
    EXPECT_EQ(objects(9), 1U);
    EXPECT_EQ(objects(0), 0U);
    start();
    until([&] { return count(what::attached) == 2; });
    tests::app(db_path).run("INSERT INTO t(x) VALUES('two')");
    stop();
    EXPECT_EQ(objects(0), 1U);
    EXPECT_EQ(count(what::reanchored), 0U);
    EXPECT_EQ(tests::dump(restore()), tests::dump(db_path));
    expect_sound();
}

TEST_F(engine_test, F11_a_snapshot_on_demand_is_the_state_at_its_txid) {
    create();
    start();
    until([&] { return count(what::attached) == 1; });
    tests::app db(db_path);
    db.run("INSERT INTO t(x) VALUES('one')");
    std::optional<io::result<std::uint64_t>> made;
    auto ask = [&]() -> io::task<void> { made = co_await running->snapshot("app.db"); };
    boost::asio::co_spawn(world.loop(), ask(), boost::asio::detached);
    until([&] { return made.has_value(); });
    ASSERT_TRUE(made->has_value()) << made->error().context;
    EXPECT_EQ(objects(9), 2U);
    db.run("INSERT INTO t(x) VALUES('two')");
    stop();
    EXPECT_EQ(tests::dump(restore()), tests::dump(db_path));
    expect_sound();
}

TEST_F(engine_test, B10_a_stream_that_another_host_wrote_to_stops) {
    create();
    start();
    until([&] { return count(what::attached) == 1; });
    tests::app db(db_path);
    db.run("INSERT INTO t(x) VALUES('one')");
    stop();
    // The other host: a copy of the database, a state of its own, the same store and name.
    const auto ours = settings;
    settings.state_directory = dir.file("other-state");
    start();
    until([&] { return count(what::attached) == 2; });
    stop();
    const std::size_t after_other = objects(0);
    settings = ours;
    start();
    until([&] { return count(what::stopped) == 1; });
    db.run("INSERT INTO t(x) VALUES('never shipped')");
    running->stop();
    EXPECT_EQ(refusal().code, io::errc::overtaken) << "not everything is in the store: that is no success";
    EXPECT_EQ(objects(0), after_other);
    expect_sound();
}

TEST_F(engine_test, F11_what_is_committed_while_the_first_snapshot_travels_is_shipped_after_it) {
    create("INSERT INTO t(x) VALUES('one')");
    tests::app db(db_path);
    store->before_put = [&](const std::string& key) -> io::task<void> {
        if (key.ends_with(".ltx") && count(what::attached) == 0) db.run("INSERT INTO t(x) VALUES('meanwhile')");
        co_return;
    };
    start();
    until([&] { return count(what::attached) == 1; });
    stop();
    EXPECT_EQ(objects(0), 1U);
    EXPECT_EQ(count(what::reanchored), 0U);
    EXPECT_EQ(tests::dump(restore()), tests::dump(db_path));
    expect_sound();
}

TEST_F(engine_test, E1_torn_local_state_is_healed_at_start) {
    create("INSERT INTO t(x) VALUES('one')");
    start();
    until([&] { return count(what::attached) == 1; });
    tests::app db(db_path);
    db.run("INSERT INTO t(x) VALUES('two')");
    stop();
    for (const auto& e : std::filesystem::directory_iterator(dir.file("state/sums"))) {
        std::fstream file(e.path(), std::ios::in | std::ios::out | std::ios::binary);
        file.seekp(48);  // page 1's, which no insert changes
        file.write("garbage!", 8);
    }
    for (const auto& e : std::filesystem::directory_iterator(dir.file("state/sums"))) {
        std::filesystem::create_directories(dir.file("state/shadow/" + e.path().filename().string()));
        std::ofstream(dir.file("state/shadow/" + e.path().filename().string() + "/0000000000000001")) << "FLOTWALS torn";
    }
    const std::size_t before = objects(0);
    start();
    until([&] { return count(what::attached) == 2; });
    db.run("INSERT INTO t(x) VALUES('three')");
    stop();
    EXPECT_EQ(count(what::reanchored), 0U) << "the log proves the state, the sums are read again from the database";
    EXPECT_EQ(objects(0), before + 1);
    EXPECT_EQ(tests::dump(restore()), tests::dump(db_path));
    expect_sound();
}

// Killed while the sums of a confirmed object were stored, and the log restarted before we are back: still no full upload.
TEST_F(engine_test, E1_sums_torn_by_a_crash_are_mended_from_the_store) {
    create("INSERT INTO t(x) SELECT hex(randomblob(500)) FROM (WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<500) SELECT i FROM n)");
    start();
    until([&] { return count(what::attached) == 1; });
    stop();
    const std::string sums = std::filesystem::directory_iterator(dir.file("state/sums"))->path();
    const io::bytes before = tests::slurp(sums);
    {
        tests::app db(db_path);
        db.run("UPDATE t SET x=hex(randomblob(500)) WHERE id IN (7, 470)");
        start();
        until([&] { return count(what::attached) == 2; });
        stop();
        io::bytes torn = tests::slurp(sums);
        ASSERT_FALSE(torn == before);
        std::copy_n(before.begin(), 48, torn.begin());  // all is stored, but for the claim
        tests::spill(sums, torn);
        db.run("PRAGMA wal_checkpoint(TRUNCATE); INSERT INTO t(x) VALUES('unseen')");
    }
    start();
    until([&] { return count(what::attached) == 3; });
    EXPECT_EQ(count(what::reanchored), 1U);
    stop();
    EXPECT_EQ(objects(9), 1U) << "no second full upload";
    EXPECT_EQ(tests::dump(restore()), tests::dump(db_path));
    expect_sound();
}

TEST_F(engine_test, a_snapshot_that_a_crash_kept_out_of_the_memo_is_not_made_again) {
    settings.targets[0].settings.snapshot_interval = 1h;
    create("INSERT INTO t(x) VALUES('one')");
    start();
    until([&] { return count(what::attached) == 1; });
    stop();
    tests::app(dir.file("state/state.db")).run("UPDATE stream SET snapshot_ms=1000000");
    start();
    until([&] { return count(what::attached) == 2; });
    tests::app db(db_path);
    for (const char* word : {"two", "three"}) {  // a snapshot that is due comes between two captures
        const std::size_t before = count(what::confirmed);
        db.run("INSERT INTO t(x) VALUES('" + std::string(word) + "')");
        until([&] { return count(what::confirmed) > before; });
    }
    stop();
    EXPECT_EQ(objects(9), 1U);
}

TEST_F(engine_test, a_lost_state_directory_costs_one_full_object_and_no_history) {
    create("INSERT INTO t(x) VALUES('one')");
    start();
    until([&] { return count(what::attached) == 1; });
    tests::app db(db_path);
    db.run("INSERT INTO t(x) VALUES('two')");
    stop();
    const std::string then = tests::dump(db_path);
    const std::uint64_t txid = events.back().txid;
    std::filesystem::remove_all(dir.file("state"));
    start();
    until([&] { return count(what::snapshot) >= 2; });
    db.run("INSERT INTO t(x) VALUES('three')");
    stop();
    EXPECT_EQ(count(what::reanchored), 1U);
    EXPECT_EQ(tests::dump(restore()), tests::dump(db_path));
    EXPECT_EQ(tests::dump(restore({engine::restore_target::what::txid, txid})), then);
    expect_sound();
}

TEST_F(engine_test, E5_two_watchers_of_one_database_the_second_is_told_who_has_it) {
    create();
    start();
    until([&] { return count(what::attached) == 1; });
    auto second_settings = settings;
    second_settings.state_directory = dir.file("second-state");
    engine::engine second(world.env, *store, second_settings);
    std::optional<io::result<void>> outcome;
    auto run = [&]() -> io::task<void> { outcome = co_await second.run(); };
    boost::asio::co_spawn(world.loop(), run(), boost::asio::detached);
    until([&] { return outcome.has_value(); });
    ASSERT_FALSE(outcome->has_value());
    EXPECT_EQ(outcome->error().code, io::errc::held);
    EXPECT_EQ(outcome->error().about, io::subject::database);
    EXPECT_NE(outcome->error().context.find("the test"), std::string::npos);
    stop();
}

TEST_F(engine_test, a_database_replaced_by_rename_is_compared_and_followed) {
    create("INSERT INTO t(x) VALUES('old')");
    start();
    until([&] { return count(what::attached) == 1; });
    {
        tests::app other(dir.file("new.db"));
        other.run("PRAGMA journal_mode=WAL; CREATE TABLE t(id INTEGER PRIMARY KEY, x TEXT); INSERT INTO t(x) VALUES('new')");
    }
    std::filesystem::remove(db_path + "-wal");
    std::filesystem::remove(db_path + "-shm");
    std::filesystem::rename(dir.file("new.db"), db_path);
    until([&] { return count(what::attached) == 2; });
    tests::app db(db_path);
    db.run("INSERT INTO t(x) VALUES('newer')");
    stop();
    EXPECT_EQ(tests::dump(restore()), tests::dump(db_path));
    expect_sound();
}

TEST_F(engine_test, a_database_deleted_and_created_again_is_followed) {
    create("INSERT INTO t(x) VALUES('old')");
    start();
    until([&] { return count(what::attached) == 1; });
    for (const char* tail : {"", "-wal", "-shm"}) std::filesystem::remove(db_path + tail);
    until([&] { return count(what::detached) >= 1; });
    create("INSERT INTO t(x) VALUES('new')");
    until([&] { return count(what::attached) == 2; });
    EXPECT_EQ(count(what::reanchored), 1U);
    tests::app db(db_path);
    db.run("INSERT INTO t(x) VALUES('newer')");
    stop();
    EXPECT_EQ(tests::dump(restore()), tests::dump(db_path));
    expect_sound();
}

TEST_F(engine_test, B11_B12_wal_mode_left_while_away_is_refused_and_followed_again_once_it_is_back) {
    create("INSERT INTO t(x) VALUES('wal')");
    start();
    until([&] { return count(what::attached) == 1; });
    stop();
    tests::app(db_path).run("PRAGMA journal_mode=DELETE; INSERT INTO t(x) VALUES('rollback journal')");
    const std::string left = tests::dump(db_path);
    start();
    const io::error why = refusal();
    EXPECT_EQ(why.code, io::errc::not_wal);
    EXPECT_EQ(why.about, io::subject::database);
    EXPECT_EQ(tests::app(db_path).text("PRAGMA journal_mode"), "delete") << "the mode is the application's business";
    EXPECT_EQ(tests::dump(db_path), left);
    tests::app(db_path).run("PRAGMA journal_mode=WAL; INSERT INTO t(x) VALUES('wal again')");
    start();
    until([&] { return count(what::attached) == 2; });
    EXPECT_EQ(count(what::reanchored), 1U);
    stop();
    EXPECT_EQ(tests::dump(restore()), tests::dump(db_path));
    expect_sound();
}

TEST_F(engine_test, a_snapshot_of_a_state_that_has_one_is_that_one) {
    create("INSERT INTO t(x) VALUES('one')");
    start();
    until([&] { return count(what::attached) == 1; });
    for (int i = 0; i < 2; ++i) {
        std::optional<io::result<std::uint64_t>> made;
        auto ask = [&]() -> io::task<void> { made = co_await running->snapshot("app.db"); };
        boost::asio::co_spawn(world.loop(), ask(), boost::asio::detached);
        until([&] { return made.has_value(); });
        ASSERT_TRUE(made->has_value()) << made->error().context;
        EXPECT_EQ(**made, 1U);
    }
    EXPECT_EQ(objects(9), 1U);
    stop();
}

TEST_F(engine_test, F3_B4_a_log_of_equal_length_but_another_generation_is_noticed) {
    create("INSERT INTO t(x) VALUES('one')");
    start();
    until([&] { return count(what::attached) == 1; });
    tests::app db(db_path);
    db.run("PRAGMA wal_autocheckpoint=0; INSERT INTO t(x) VALUES('two')");
    stop();
    const auto length = std::filesystem::file_size(db_path + "-wal");
    db.run("PRAGMA wal_checkpoint(RESTART)");
    db.run("INSERT INTO t(x) VALUES('unseen')");  // begins the log anew; the file is as long as it was
    ASSERT_EQ(std::filesystem::file_size(db_path + "-wal"), length);
    start();
    until([&] { return count(what::attached) == 2; });
    EXPECT_EQ(count(what::reanchored), 1U);
    stop();
    EXPECT_EQ(tests::dump(restore()), tests::dump(db_path));
    expect_sound();
}

TEST_F(engine_test, A9_a_time_never_gives_a_commit_that_came_after_it) {
    create();
    start();
    until([&] { return count(what::attached) == 1; });
    tests::app db(db_path);
    std::vector<std::pair<std::int64_t, std::string>> moments;
    for (int i = 0; i < 5; ++i) {
        const std::size_t before = count(what::confirmed);
        db.run("INSERT INTO t(x) VALUES('row')");
        until([&] { return count(what::confirmed) > before; });
        world.run(io::sleep_for(world.env.time, 3ms));
        moments.emplace_back(world.env.time.wall_ms(), tests::dump(db_path));
        world.run(io::sleep_for(world.env.time, 3ms));
    }
    stop();
    for (const auto& [time, state] : moments) EXPECT_EQ(tests::dump(restore(engine::restore_target::at_time(time))), state);
}

}  // namespace
