#include "tests/sim/ending.h"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "io/wakeup.h"
#include "tests/sim/sqlite.h"

namespace {

using namespace std::chrono_literals;

struct place {
    sim::world all{1};
    sim::process& who = all.start(all.add_host("a"), "engine");
    std::string left() { return sim::left_by(all, who); }
    void body(const std::function<void()>& what) {
        bool ended = false;
        all.bodies.start(who.id, [&] {
            what();
            ended = true;
        });
        all.run([&] { return ended; }, 1h);
    }
};

TEST(ending, a_process_that_leaves_nothing) {
    place here;
    const auto work = [&]() -> io::task<void> {
        co_await io::sleep_for(here.who.time, 1s);
        co_await here.who.pool([] { sim::sqlite("/a.db").run("PRAGMA journal_mode=WAL; CREATE TABLE t(x)"); });
        (void)here.who.env.make_watcher();
    };
    here.all.run(here.who, work(), 1h);
    EXPECT_EQ(here.left(), "");
}

TEST(ending, coroutines_that_wait_for_a_time_or_for_ever) {
    place here;
    const auto sleeps = [](sim::process& who) -> io::task<void> { co_await io::sleep_for(who.time, 1h); };
    const auto waits = [](sim::process& who) -> io::task<void> {
        io::wakeup never(who.time, who.env.on);
        co_await never.wait();
    };
    boost::asio::co_spawn(here.who.env.on, sleeps(here.who), boost::asio::detached);
    boost::asio::co_spawn(here.who.env.on, waits(here.who), boost::asio::detached);
    here.all.run(here.who, io::sleep_for(here.who.time, 1s), 1h);
    EXPECT_EQ(here.left(), "2 x operation that waits");
    here.all.kill(here.who);
    EXPECT_EQ(here.left(), "");
}

TEST(ending, bodies_that_run_and_such_as_wait_for_their_turn) {
    place here;
    const auto blocks = [](place& in) -> io::task<void> { co_await in.who.pool([&in] { in.all.bodies.sleep(1h); }); };
    for (int i = 0; i < 6; ++i) boost::asio::co_spawn(here.who.env.on, blocks(here), boost::asio::detached);
    here.all.run(here.who, io::sleep_for(here.who.time, 1s), 1h);
    EXPECT_EQ(here.left(), "6 x body of blocking code, 4 x operation that waits");
    here.all.kill(here.who);
}

TEST(ending, files_mappings_locks_and_watches) {
    place here;
    auto file = here.who.files.open("/f", io::open_mode::create);
    EXPECT_EQ(here.left(), "1 x open file or mapping");
    auto mapped = here.who.files.map("/m", 4096);
    EXPECT_EQ(here.left(), "2 x open file or mapping");
    file->reset();
    mapped->reset();
    auto lock = here.who.files.lock("/l", "somebody");
    EXPECT_TRUE(here.left().starts_with("1 x lock of inode ")) << here.left();
    lock->reset();
    auto watcher = here.who.env.make_watcher();
    EXPECT_EQ(here.left(), "1 x watch");
    watcher->reset();
    EXPECT_EQ(here.left(), "");
}

TEST(ending, connections_of_sqlite_and_what_they_hold) {
    place here;
    std::optional<sim::sqlite> db;
    here.body([&] {
        db.emplace("/a.db");
        db->run("PRAGMA journal_mode=WAL; CREATE TABLE t(x); BEGIN IMMEDIATE; INSERT INTO t VALUES(1)");
    });
    const std::string held = here.left();
    for (const char* each : {"2 x open file of SQLite's", "SQLite's lock of inode", "1 x lock of wal-index", "1 x wal-index"}) EXPECT_NE(held.find(each), std::string::npos) << held;
    here.body([&] { db.reset(); });
    EXPECT_EQ(here.left(), "");
}

TEST(ending, is_looked_at_when_the_instant_is_over_and_of_a_frozen_process_when_it_is_thawed) {
    place here;
    std::optional<std::string> left;
    io::instant told{};
    const auto tell = [&](const std::string& what) {
        left = what;
        told = here.all.loop.now();
    };
    int turns = 0;
    const std::function<void()> turn = [&] { if (++turns < 5) here.all.loop.post(here.who.id, turn); };
    here.all.loop.post(here.who.id, turn);
    sim::when_ended(here.all, here.who, tell);
    here.all.loop.at(here.all.loop.now() + 1s, sim::the_world, [] {});
    here.all.run([&] { return left.has_value(); }, 1h);
    EXPECT_EQ(turns, 5);
    EXPECT_EQ(*left, "");
    EXPECT_EQ(told.time_since_epoch().count(), 0);

    left.reset();
    here.all.loop.post(here.who.id, [] {});
    here.all.loop.freeze(here.who.id);
    sim::when_ended(here.all, here.who, tell);
    bool later = false;
    here.all.loop.at(here.all.loop.now() + 10s, sim::the_world, [&] { later = true; });
    here.all.run([&] { return later; }, 1h);
    EXPECT_FALSE(left.has_value());
    here.all.loop.thaw(here.who.id);
    here.all.loop.at(here.all.loop.now() + 1s, sim::the_world, [] {});
    here.all.run([&] { return left.has_value(); }, 1h);
    EXPECT_EQ(*left, "");
}

}  // namespace
