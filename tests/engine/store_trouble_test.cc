// The engine against a store that refuses, loses replies, hangs, or holds what others wrote.
#include <atomic>
#include <cerrno>
#include <fstream>

#include "engine/key.h"
#include "io/wakeup.h"
#include "tests/engine/engine_world.h"
#include "tests/support/chain_builder.h"

namespace {

using namespace std::chrono_literals;
using tests::what;
using tests::write_fate;
using store_trouble = tests::engine_world;

TEST_F(store_trouble, F10_nothing_is_confirmed_before_the_store_has_it) {
    create();
    start();
    until([&] { return count(what::attached) == 1; });
    store->on_put = [](const std::string&) { return write_fate::refused(); };
    const std::uint64_t before = running->status().at(0).txid;
    const std::size_t confirmed = count(what::confirmed);
    tests::app db(db_path);
    db.run("INSERT INTO t(x) VALUES('while the store is away')");
    until([&] { return count(what::failing) == 1; });
    EXPECT_EQ(count(what::confirmed), confirmed);
    EXPECT_EQ(running->status().at(0).txid, before);
    EXPECT_EQ(running->status().at(0).state, "failing");
    store->on_put = nullptr;
    until([&] { return count(what::confirmed) > confirmed; });
    EXPECT_EQ(running->status().at(0).problem, "");
    stop();
    EXPECT_EQ(count(what::failing), 1U) << "told once, not for every try";
    EXPECT_EQ(count(what::recovered), 1U);
    EXPECT_EQ(tests::dump(restore()), tests::dump(db_path));
    expect_sound();
}

// Every call of a run fails once or loses its reply, one after the other.
TEST_F(store_trouble, whatever_write_fails_or_loses_its_reply_every_commit_comes_back) {
    create();
    unsigned calls = 0;
    store->on_put = [&](const std::string&) {
        switch (++calls % 4) {
            case 1: return write_fate::refused();
            case 2: return write_fate::reply_lost();
            case 3: return write_fate::reply_lost(io::errc::io_failure);
            default: return write_fate{};
        }
    };
    start();
    until([&] { return count(what::attached) == 1; });
    tests::app db(db_path);
    for (int i = 0; i < 12; ++i) {
        const std::size_t before = count(what::confirmed);
        db.run("INSERT INTO t(x) VALUES(hex(randomblob(2000)))");
        until([&] { return count(what::confirmed) > before; });
    }
    stop();
    EXPECT_EQ(count(what::stopped), 0U);
    EXPECT_EQ(count(what::reanchored), 0U);
    EXPECT_EQ(tests::dump(restore()), tests::dump(db_path));
    expect_sound();
}

TEST_F(store_trouble, reads_that_fail_at_the_start_are_tried_again) {
    create("INSERT INTO t(x) VALUES('one')");
    start();
    until([&] { return count(what::attached) == 1; });
    stop();
    int lists = 0;
    int gets = 0;
    const auto failed = [] { return io::error{io::errc::timed_out, io::subject::store, "no answer"}; };
    store->on_list = [&](const std::string&) { return ++lists == 5 ? io::result<void>(failed()) : io::result<void>(); };
    store->on_get = [&](const std::string&) { return ++gets == 1 ? io::result<void>(failed()) : io::result<void>(); };
    start();
    until([&] { return count(what::attached) == 2; });
    EXPECT_GE(lists, 5);
    EXPECT_EQ(count(what::failing), 1U);
    EXPECT_EQ(count(what::recovered), 1U);
    stop();
    EXPECT_EQ(count(what::reanchored), 0U);
    EXPECT_EQ(objects(9), 1U);
}

TEST_F(store_trouble, E10_a_listing_that_fails_is_never_an_empty_store) {
    create("INSERT INTO t(x) VALUES('one')");
    start();
    until([&] { return count(what::attached) == 1; });
    stop();
    const std::size_t before = objects(0) + objects(9);
    std::filesystem::remove_all(dir.file("state"));
    store->on_list = [](const std::string&) { return io::error{io::errc::io_failure, io::subject::store, "no listing"}; };
    start();
    until([&] { return count(what::detached) >= 1; });
    EXPECT_EQ(objects(0) + objects(9), before);
    store->on_list = nullptr;
    until([&] { return count(what::attached) == 2; });
    stop();
    expect_sound();
}

TEST_F(store_trouble, a_stop_gives_up_at_the_drain_limit_and_the_next_run_ships_the_rest) {
    create();
    settings.drain_limit = 300ms;
    start();
    until([&] { return count(what::attached) == 1; });
    store->on_put = [](const std::string&) { return write_fate::refused(); };
    tests::app db(db_path);
    db.run("INSERT INTO t(x) VALUES('kept in the log')");
    until([&] { return count(what::failing) == 1; });
    running->stop();
    const io::error why = refusal();
    EXPECT_EQ(why.about, io::subject::store);
    EXPECT_NE(why.context.find("app.db"), std::string::npos);
    store->on_put = nullptr;
    start();
    until([&] { return count(what::attached) == 2; });
    stop();
    EXPECT_EQ(count(what::reanchored), 0U);
    EXPECT_EQ(tests::dump(restore()), tests::dump(db_path));
    expect_sound();
}

TEST_F(store_trouble, a_stop_while_the_store_cannot_be_listed_says_so) {
    create();
    store->on_list = [](const std::string&) { return io::error{io::errc::io_failure, io::subject::store, "no listing"}; };
    start();
    until([&] { return count(what::detached) >= 1; });
    running->stop();
    EXPECT_EQ(refusal().about, io::subject::store);
}

TEST_F(store_trouble, a_store_that_hangs_for_one_database_does_not_hold_up_the_others) {
    const std::string data = watch_directory();
    for (const char* name : {"a.db", "b.db"}) create_at(data + "/" + name);
    start();
    until([&] { return count(what::attached) == 2; });
    io::wakeup release(world.env.time, world.env.on);
    store->before_put = [&](const std::string& key) -> io::task<void> {
        if (key.starts_with("a.db/")) co_await release.wait();
    };
    tests::app a(data + "/a.db");
    tests::app b(data + "/b.db");
    const std::size_t confirmed = count(what::confirmed, "b.db");
    a.run("INSERT INTO t(x) VALUES('hangs')");
    for (std::size_t i = 1; i <= 5; ++i) {
        b.run("INSERT INTO t(x) VALUES('goes on')");
        until([&] { return count(what::confirmed, "b.db") >= confirmed + i; });
    }
    store->before_put = nullptr;
    release.notify();
    stop();
    EXPECT_EQ(tests::dump(restore({}, "a.db")), tests::dump(data + "/a.db"));
    EXPECT_EQ(tests::dump(restore({}, "b.db")), tests::dump(data + "/b.db"));
}

TEST_F(store_trouble, objects_newer_than_the_memo_are_adopted_and_nothing_is_uploaded_twice) {
    create();
    start();
    until([&] { return count(what::attached) == 1; });
    tests::app db(db_path);
    db.run("INSERT INTO t(x) VALUES('one')");
    stop();
    keep_state();
    start();
    until([&] { return count(what::attached) == 2; });
    for (int i = 0; i < 3; ++i) {
        const std::size_t before = count(what::confirmed);
        db.run("INSERT INTO t(x) VALUES('more')");
        until([&] { return count(what::confirmed) > before; });
    }
    stop();
    bring_back_state();
    const std::size_t before = objects(0);
    const std::size_t told = count(what::confirmed);
    const std::uint64_t newest = last(what::confirmed).txid;
    start();
    until([&] { return count(what::attached) == 3; });
    EXPECT_EQ(count(what::reanchored), 0U);
    EXPECT_EQ(count(what::confirmed), told + 1) << "what is adopted is told as durable";
    EXPECT_EQ(last(what::confirmed).txid, newest);
    EXPECT_EQ(objects(0), before);
    db.run("INSERT INTO t(x) VALUES('after')");
    stop();
    EXPECT_EQ(objects(0), before + 1);
    EXPECT_EQ(objects(9), 1U);
    EXPECT_EQ(tests::dump(restore()), tests::dump(db_path));
    expect_sound();
}

// The whole host goes back to yesterday: database, log and state together. The log is still the same generation, and goes on with other
// commits at the same places.
void copy_database(const std::string& from, const std::string& to) {
    for (const char* tail : {"", "-wal"}) {
        std::ifstream in(from + tail, std::ios::binary);
        std::ofstream(to + tail, std::ios::binary | std::ios::trunc) << in.rdbuf();  // the inode stays
    }
}

// As after a loss of power: the newest commit is gone, and others came in the same generation, of just the same length.
TEST_F(store_trouble, F2_a_log_that_lost_its_tail_and_went_on_otherwise_is_not_the_one_that_was_shipped) {
    create("PRAGMA wal_checkpoint(TRUNCATE);INSERT INTO t(x) VALUES('before')");
    start();
    until([&] { return count(what::attached) == 1; });
    auto db = std::make_unique<tests::app>(db_path);
    db->run("PRAGMA wal_autocheckpoint=0; INSERT INTO t(x) VALUES('one')");
    stop();
    copy_database(db_path, dir.file("durable.db"));
    start();
    until([&] { return count(what::attached) == 2; });
    const std::size_t before = count(what::confirmed);
    db->run("INSERT INTO t(x) VALUES('a future that is lost')");
    until([&] { return count(what::confirmed) > before; });
    stop();
    const auto length = std::filesystem::file_size(db_path + "-wal");

    db.reset();
    std::filesystem::remove(db_path + "-shm");
    copy_database(dir.file("durable.db"), db_path);
    db = std::make_unique<tests::app>(db_path);
    db->run("PRAGMA wal_autocheckpoint=0; INSERT INTO t(x) VALUES('a future of its own  ')");
    ASSERT_EQ(std::filesystem::file_size(db_path + "-wal"), length);
    start();
    until([&] { return count(what::attached) == 3; });
    EXPECT_EQ(count(what::reanchored), 1U);
    db->run("CREATE TABLE other(x)");
    stop();
    EXPECT_EQ(tests::dump(restore()), tests::dump(db_path));
    expect_sound();
}

TEST_F(store_trouble, A3_a_host_that_was_rolled_back_does_not_build_on_commits_that_it_does_not_have) {
    create("PRAGMA wal_checkpoint(TRUNCATE);INSERT INTO t(x) VALUES('before')");
    start();
    until([&] { return count(what::attached) == 1; });
    auto db = std::make_unique<tests::app>(db_path);
    db->run("PRAGMA wal_autocheckpoint=0; INSERT INTO t(x) VALUES('one')");
    stop();
    keep_state();
    copy_database(db_path, dir.file("yesterday.db"));
    start();
    until([&] { return count(what::attached) == 2; });
    const std::size_t before = count(what::confirmed);
    db->run("INSERT INTO t(x) VALUES('a future that is undone')");
    until([&] { return count(what::confirmed) > before; });
    stop();

    db.reset();
    std::filesystem::remove(db_path + "-shm");
    copy_database(dir.file("yesterday.db"), db_path);
    bring_back_whole_state();
    db = std::make_unique<tests::app>(db_path);
    db->run("PRAGMA wal_autocheckpoint=0; INSERT INTO t(x) VALUES('another future')");
    start();
    const auto refused = refusal();  // it could as well be a copy, while the other one has gone on
    EXPECT_EQ(refused.code, io::errc::held);
    EXPECT_NE(refused.context.find("set back"), std::string::npos) << refused.context;
    settings.take_over = true;
    start();
    until([&] { return count(what::attached) == 3; });
    EXPECT_EQ(count(what::reanchored), 1U);
    db->run("INSERT INTO t(x) VALUES('and on')");
    stop();
    EXPECT_EQ(tests::dump(restore()), tests::dump(db_path));
    expect_sound();
}

TEST_F(store_trouble, B9_a_snapshot_whose_image_is_not_what_was_shipped_is_never_published_and_mended) {
    create("INSERT INTO t(x) SELECT hex(randomblob(500)) FROM (WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<50) SELECT i FROM n);"
           "PRAGMA wal_checkpoint(TRUNCATE)");
    start();
    until([&] { return count(what::attached) == 1; });
    {
        std::fstream file(db_path, std::ios::in | std::ios::out | std::ios::binary);  // behind SQLite's back, in a page that no frame covers
        file.seekp(5 * 4096 + 4000);
        file.write("tampered", 8);
    }
    tests::app(db_path).run("CREATE TABLE another(x)");
    std::optional<io::result<std::uint64_t>> made;
    auto ask = [&]() -> io::task<void> { made = co_await running->snapshot("app.db"); };
    boost::asio::co_spawn(world.loop(), ask(), boost::asio::detached);
    until([&] { return made.has_value() && count(what::attached) == 2; });
    EXPECT_FALSE(made->has_value());
    EXPECT_EQ(count(what::reanchored), 1U);
    stop();
    EXPECT_TRUE(tests::dump(restore()) == tests::dump(db_path));
    expect_sound();
}

TEST_F(store_trouble, F6_a_hole_in_the_store_is_found_by_listing_and_bridged_with_a_snapshot) {
    create();
    start();
    until([&] { return count(what::attached) == 1; });
    tests::app db(db_path);
    for (int i = 0; i < 3; ++i) {
        const std::size_t before = count(what::confirmed);
        db.run("INSERT INTO t(x) VALUES('row')");
        until([&] { return count(what::confirmed) > before; });
    }
    stop();
    const std::size_t snapshots = objects(9);
    std::filesystem::remove(dir.file("store/app.db/ltx/0/0000000000000003-0000000000000003.ltx"));
    start();
    until([&] { return count(what::snapshot) == 2; });
    stop();
    EXPECT_EQ(objects(9), snapshots + 1);
    EXPECT_EQ(tests::dump(restore()), tests::dump(db_path));
}

TEST_F(store_trouble, objects_that_were_removed_are_loud_and_their_txids_are_not_used_again) {
    create();
    start();
    until([&] { return count(what::attached) == 1; });
    tests::app db(db_path);
    db.run("INSERT INTO t(x) VALUES('row')");
    stop();
    const std::uint64_t newest = last(what::confirmed).txid;
    std::filesystem::remove_all(dir.file("store/app.db/ltx/0"));
    start();
    until([&] { return count(what::snapshot) == 2; });
    EXPECT_EQ(count(what::reanchored), 1U);
    EXPECT_GT(last(what::snapshot).txid, newest);
    stop();
    EXPECT_EQ(tests::dump(restore()), tests::dump(db_path));
}

TEST_F(store_trouble, commits_are_split_at_their_boundaries_when_a_batch_is_full) {
    create();
    settings.targets[0].settings.batch_bytes = 100'000;
    settings.targets[0].settings.checkpoint_bytes = 1U << 30U;
    start();
    until([&] { return count(what::attached) == 1; });
    stop();
    tests::app db(db_path);
    std::vector<std::string> states;
    for (int i = 0; i < 40; ++i) db.run("INSERT INTO t(x) VALUES(hex(randomblob(40000)))");
    start();
    until([&] { return count(what::attached) == 2; });
    stop();
    EXPECT_GE(objects(0), 2U);
    EXPECT_LE(objects(0), 40U);
    EXPECT_EQ(tests::dump(restore()), tests::dump(db_path)) << "a stop ships all of it, not one batch";
    for (std::uint64_t txid = 1; txid <= last(what::confirmed).txid; ++txid) {
        tests::app at(restore(engine::restore_target::at_txid(txid)));
        EXPECT_EQ(at.text("PRAGMA integrity_check"), "ok") << txid;
    }
    expect_sound();
}

TEST_F(store_trouble, one_transaction_larger_than_a_batch_is_one_object) {
    create();
    settings.targets[0].settings.batch_bytes = 64U << 10U;
    start();
    until([&] { return count(what::attached) == 1; });
    const std::size_t before = objects(0);
    tests::app db(db_path);
    db.run("INSERT INTO t(x) SELECT hex(randomblob(50000)) FROM (WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<120) SELECT i FROM n)");
    stop();
    EXPECT_EQ(objects(0), before + 1);
    EXPECT_EQ(tests::dump(restore()), tests::dump(db_path));
    expect_sound();
}

TEST_F(store_trouble, snapshots_come_at_their_interval_also_over_restarts) {
    create();
    settings.targets[0].settings.snapshot_interval = 1ms;
    start();
    until([&] { return count(what::attached) == 1; });
    EXPECT_EQ(objects(9), 1U);
    tests::app db(db_path);
    db.run("INSERT INTO t(x) VALUES('one')");
    until([&] { return count(what::snapshot) == 2; });
    stop();
    settings.targets[0].settings.snapshot_interval = 24h;
    start();
    until([&] { return count(what::attached) == 2; });
    db.run("INSERT INTO t(x) VALUES('two')");
    stop();
    EXPECT_EQ(objects(9), 2U);
    settings.targets[0].settings.snapshot_interval = 1ms;
    start();
    until([&] { return count(what::snapshot) == 3; });
    stop();
    expect_sound();
}

TEST_F(store_trouble, A7_a_snapshot_begins_although_the_writer_never_pauses) {
    create();
    settings.targets[0].settings.checkpoint_bytes = 1U << 30U;
    start();
    until([&] { return count(what::attached) == 1; });
    tests::app db(db_path);
    // Whenever an object is on its way, the next commit is there already.
    store->before_put = [&](const std::string& key) -> io::task<void> {
        if (key.find("/ltx/0/") != std::string::npos) db.run("INSERT INTO t(x) VALUES('and another')");
        co_return;
    };
    std::optional<io::result<std::uint64_t>> made;
    auto ask = [&]() -> io::task<void> { made = co_await running->snapshot("app.db"); };
    db.run("INSERT INTO t(x) VALUES('first')");
    boost::asio::co_spawn(world.loop(), ask(), boost::asio::detached);
    until([&] { return made.has_value(); });
    EXPECT_TRUE(made->has_value());
    store->before_put = nullptr;
    stop();
    EXPECT_EQ(tests::dump(restore()), tests::dump(db_path));
    expect_sound();
}

TEST_F(store_trouble, the_log_is_handed_off_although_the_writer_never_pauses) {
    create();
    start();
    until([&] { return count(what::attached) == 1; });
    tests::app db(db_path);
    store->before_put = [&](const std::string&) -> io::task<void> {
        db.run("INSERT INTO t(x) VALUES(hex(randomblob(3000)))");
        co_return;
    };
    db.run("INSERT INTO t(x) VALUES('first')");
    until([&] { return count(what::handed_off) >= 2; });
    store->before_put = nullptr;
    stop();
    EXPECT_EQ(count(what::reanchored), 0U);
    EXPECT_EQ(tests::dump(restore()), tests::dump(db_path));
    expect_sound();
}

TEST_F(store_trouble, commits_that_come_while_a_stream_begins_are_shipped_without_another_event) {
    create();
    tests::app db(db_path);
    bool done = false;
    store->before_put = [&](const std::string& key) -> io::task<void> {
        if (!key.ends_with(".ltx")) co_return;
        if (!done) db.run("INSERT INTO t(x) VALUES('in the middle of it')");
        done = true;
        co_return;
    };
    start();
    until([&] { return count(what::confirmed) >= 2; });
    EXPECT_EQ(tests::dump(restore()), tests::dump(db_path));
    stop();
}

TEST_F(store_trouble, a_stop_while_a_stream_begins_gives_up_at_the_drain_limit) {
    create();
    settings.drain_limit = 200ms;
    store->on_put = [](const std::string& key) { return key.ends_with(".ltx") ? write_fate::refused() : write_fate{}; };
    start();
    until([&] { return count(what::failing) == 1; });
    running->stop();
    EXPECT_EQ(refusal().about, io::subject::store);
    EXPECT_EQ(objects(9), 0U);
}

TEST_F(store_trouble, a_first_snapshot_whose_reply_was_lost_is_adopted_by_the_next_run) {
    create("INSERT INTO t(x) VALUES('one')");
    settings.drain_limit = 200ms;
    store->on_put = [](const std::string& key) { return key.ends_with(".ltx") ? write_fate::reply_lost(io::errc::io_failure) : write_fate{}; };
    start();
    until([&] { return count(what::failing) == 1; });
    running->stop();
    (void)refusal();
    ASSERT_EQ(objects(9), 1U);
    store->on_put = nullptr;
    start();
    until([&] { return count(what::attached) == 1; });
    tests::app(db_path).run("INSERT INTO t(x) VALUES('two')");
    stop();
    EXPECT_EQ(count(what::reanchored), 0U);
    EXPECT_EQ(objects(9), 1U);
    EXPECT_EQ(objects(0), 1U);
    EXPECT_EQ(tests::dump(restore()), tests::dump(db_path));
    expect_sound();
}

// Now and then a call for a file fails: of our own files, then of the application's log.
TEST_F(store_trouble, whatever_local_call_fails_every_commit_comes_back) {
    create();
    start();
    until([&] { return count(what::attached) == 1; });
    tests::app db(db_path);
    std::atomic<unsigned> calls = 0;
    std::atomic<unsigned> failures = 0;
    for (const char* whose : {"/state/", "app.db-wal"}) {
        failures = 0;
        files.spoil = [&, whose](const std::string&, const std::string& path) {
            return path.find(whose) != std::string::npos && ++calls % 29 == 0 && ++failures <= 3 ? EIO : 0;
        };
        for (int i = 0; i < 12; ++i) {
            const std::size_t before = objects(0);
            db.run("INSERT INTO t(x) VALUES(hex(randomblob(20000)))");
            if (HasFailure()) return;
            until([&] { return objects(0) > before; });
        }
    }
    files.spoil = nullptr;
    stop();
    EXPECT_GT(calls, 58U);
    EXPECT_EQ(count(what::stopped), 0U);
    EXPECT_EQ(tests::dump(restore()), tests::dump(db_path));
    expect_sound();
}

}  // namespace
