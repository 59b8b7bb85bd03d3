// What the field asks of a backup, one property a test, each of the engine as it ships.
#include "tests/sim/field.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <charconv>

namespace {

using namespace std::chrono_literals;
using engine::restore_target;
using kind = engine::event::what;
using sim::field;

engine::stream_options at_once() {
    engine::stream_options out;
    out.min_interval = {};
    out.snapshot_interval = {};
    return out;
}

// The TXID with which an object ends.
std::uint64_t end_of(const std::string& key) {
    std::uint64_t out = 0;
    const char* const digits = key.data() + key.size() - std::string_view("0123456789abcdef.ltx").size();
    std::from_chars(digits, digits + 16, out, 16);
    return out;
}

TEST(field, round_trip) {
    field of(1, at_once());
    of.commits(30, 9000);
    of.watch();
    for (int i = 0; i < 10; ++i) of.commits(5, 9000);
    of.app([](sim::sqlite& db) { db.run("DELETE FROM t WHERE id % 3 = 0; VACUUM"); });
    of.commits(5, 9000);
    const std::uint64_t txid = of.flush();
    const auto back = of.restore(restore_target::latest());
    ASSERT_EQ(back.problem, "");
    EXPECT_EQ(back.txid, txid);
    EXPECT_EQ(back.found, of.live());
    EXPECT_EQ(back.found, of.committed.back());
    EXPECT_EQ(of.verify(), "");
}

TEST(field, page_sizes) {
    for (std::uint64_t size = 512; size <= 65536; size *= 2) {
        field of(size, at_once(), size);
        of.watch();
        of.commits(10, 5000);
        (void)of.flush();
        of.commits(10, 5000);
        (void)of.flush();
        const auto back = of.restore(restore_target::latest());
        ASSERT_EQ(back.problem, "") << size;
        EXPECT_EQ(back.found, of.committed.back()) << size;
        EXPECT_EQ(of.verify(), "") << size;
    }
}

// What a flush has answered for is in the store: the machine may burn in that moment.
TEST(field, durability) {
    for (std::uint64_t seed = 1; seed <= 10; ++seed) {
        field of(seed);
        of.watch();
        of.commits(static_cast<int>(seed));
        (void)of.flush();
        of.commits(static_cast<int>(seed));
        const std::uint64_t txid = of.flush();
        of.engine.retire();
        of.all.lose_power(of.machine);
        const auto back = of.restore(restore_target::latest());
        ASSERT_EQ(back.problem, "");
        EXPECT_EQ(back.txid, txid);
        EXPECT_EQ(back.found, of.committed.back());
    }
}

// A snapshot is the state of its TXID by itself, though the application wrote while it was taken; and the same state as the changes give.
TEST(field, snapshot_integrity) {
    field of(3, at_once());
    of.commits(40, 20'000);
    of.watch();
    of.machine.disk.habits.pause_rate = 200'000;  // reading an image takes a while
    of.machine.disk.habits.most_pause = 5ms;
    bool ended = false;
    of.begin_app([&](sim::sqlite& db) {
        for (int i = 0; i < 300; ++i) {
            of.commit(db);
            if (i % 20 == 0) db.run("PRAGMA wal_checkpoint(PASSIVE)");
            of.all.bodies.sleep(20ms);
        }
    }, ended);
    for (int i = 0; i < 8; ++i) (void)of.snapshot();
    of.all.run([&] { return ended; }, 1h);
    (void)of.flush();
    const auto everything = of.server.objects;
    const auto snapshots = of.objects(9);
    ASSERT_GE(snapshots.size(), 5U);
    std::ptrdiff_t before = -1;
    for (const auto& key : snapshots) {
        of.server.objects = {{key, everything.at(key)}};
        const auto alone = of.restore(restore_target::latest());
        ASSERT_EQ(alone.problem, "") << key;
        EXPECT_GT(of.place_of(alone.found), before) << key;
        before = of.place_of(alone.found);
        of.server.objects = everything;
        for (const auto& each : snapshots) if (each != snapshots.front()) of.server.objects.erase(each);
        const auto by_changes = of.restore(restore_target::at_txid(end_of(key)));
        ASSERT_EQ(by_changes.problem, "") << key;
        EXPECT_EQ(by_changes.found, alone.found) << key;
    }
}

// Every TXID follows from the one before: each restores to a later state, and without one of them nothing after it comes back, rather than something else.
TEST(field, incremental_chain) {
    field of(4, at_once());
    of.watch();
    for (int i = 0; i < 12; ++i) {
        of.commits(2);
        (void)of.flush();
    }
    const auto chain = of.objects(0);
    ASSERT_GE(chain.size(), 12U);
    std::ptrdiff_t before = -1;
    for (std::size_t i = 0; i < chain.size(); ++i) {
        EXPECT_EQ(end_of(chain[i]), end_of(chain[0]) + i);
        const auto back = of.restore(restore_target::at_txid(end_of(chain[i])));
        ASSERT_EQ(back.problem, "") << chain[i];
        EXPECT_GT(of.place_of(back.found), before) << chain[i];
        before = of.place_of(back.found);
    }
    EXPECT_EQ(of.verify(), "");
    for (std::size_t i = 1; i + 1 < chain.size(); ++i) {
        const auto missing = of.server.objects.extract(chain[i]);
        for (const std::size_t at : {i + 1, chain.size() - 1}) {
            const auto back = of.restore(restore_target::at_txid(end_of(chain[at])));
            EXPECT_NE(back.problem, "") << chain[i];
            EXPECT_EQ(back.about, io::subject::integrity) << back.problem;
        }
        EXPECT_EQ(of.restore(restore_target::at_txid(end_of(chain[i - 1]))).problem, "");
        EXPECT_NE(of.verify(), "") << chain[i];
        of.server.objects.insert({missing.key(), missing.mapped()});
    }
}

// The store fails in every way, and the engine is killed again and again: in the end everything is there, and every TXID that was confirmed on the way is what it was.
TEST(field, recovery_under_failures) {
    std::size_t on_the_way = 0;
    for (std::uint64_t seed = 1; seed <= 4; ++seed) {
        field of(seed, at_once());
        of.watch();
        of.server.habits.rejected = 40'000;
        of.server.habits.reply_lost = 80'000;
        of.server.habits.stalled = 50'000;
        for (int i = 0; i < 10; ++i) {
            of.commits(10);
            of.pass(std::chrono::milliseconds(3000 + 1700 * i));
            if (i % 4 == 3) EXPECT_TRUE(of.engine.kill());
        }
        of.server.habits = {};
        const std::uint64_t newest = of.flush();
        const auto last = of.restore(restore_target::latest());
        ASSERT_EQ(last.problem, "") << seed;
        EXPECT_EQ(last.txid, newest);
        EXPECT_EQ(last.found, of.committed.back()) << seed;
        std::map<std::uint64_t, std::ptrdiff_t> places;
        for (const auto& each : of.events) {
            if (each.kind != kind::confirmed) continue;
            const auto back = of.restore(restore_target::at_txid(each.txid));
            ASSERT_EQ(back.problem, "") << seed;
            places[each.txid] = of.place_of(back.found);
        }
        on_the_way += places.size();
        std::ptrdiff_t before = -1;
        for (const auto& [txid, place] : places) {
            EXPECT_GE(place, std::max<std::ptrdiff_t>(before, 0)) << "seed " << seed << ", TXID " << txid;
            before = place;
        }
        EXPECT_EQ(of.verify(), "");
    }
    EXPECT_GT(on_the_way, 15U);
}

// A time gives the last state that there was at that time, to the millisecond; so does a TXID. A time before all of them is an error.
TEST(field, exact_point_in_time) {
    field of(6, at_once());
    of.watch();
    const std::int64_t beginning = of.wall_ms();
    struct point {
        std::int64_t from_ms;
        std::int64_t to_ms;  // just before the next commit
        std::uint64_t txid;
        sim::state what;
    };
    std::vector<point> points;
    for (int i = 0; i < 10; ++i) {
        of.commits(1);
        const std::uint64_t txid = of.flush();
        points.push_back({of.wall_ms(), 0, txid, of.committed.back()});
        of.pass(std::chrono::milliseconds(700 + 13 * i));
        points.back().to_ms = of.wall_ms() - 1;
    }
    for (const auto& each : points) {
        for (const std::int64_t time : {each.from_ms, (each.from_ms + each.to_ms) / 2, each.to_ms}) {
            const auto back = of.restore(restore_target::at_time(time));
            // Behind the newest point a time is in the future of what is known: an error, and no state.
            if (each.txid == points.back().txid && back.problem != "") continue;
            ASSERT_EQ(back.problem, "");
            EXPECT_EQ(back.txid, each.txid) << time;
            EXPECT_EQ(back.found, each.what) << time;
        }
        const auto by_txid = of.restore(restore_target::at_txid(each.txid));
        ASSERT_EQ(by_txid.problem, "");
        EXPECT_EQ(by_txid.found, each.what);
    }
    const auto too_early = of.restore(restore_target::at_time(beginning - 3'600'000));
    EXPECT_EQ(too_early.about, io::subject::target) << too_early.problem;
    EXPECT_NE(too_early.problem, "");
}

// An object carries many commits; whichever it ends with is exactly a state that there was, and the last one has them all.
TEST(field, batching_loses_nothing) {
    engine::stream_options how = at_once();
    how.min_interval = 3s;
    field of(7, how);
    of.watch();
    of.app([&](sim::sqlite& db) {
        for (int i = 0; i < 300; ++i) {
            of.commit(db, 500);
            of.all.bodies.sleep(100ms);
        }
    });
    const std::uint64_t newest = of.flush();
    const auto chain = of.objects(0);
    EXPECT_GT(chain.size(), 5U);
    EXPECT_LT(chain.size(), 30U);
    std::ptrdiff_t before = -1;
    for (const auto& key : chain) {
        const auto back = of.restore(restore_target::at_txid(end_of(key)));
        ASSERT_EQ(back.problem, "") << key;
        EXPECT_GT(of.place_of(back.found), before) << key;
        before = of.place_of(back.found);
    }
    EXPECT_EQ(end_of(chain.back()), newest);
    EXPECT_EQ(before, static_cast<std::ptrdiff_t>(of.committed.size()) - 1);
}

// While the store is away, what waits is on local disk and outlives the processes: it is shipped as it was, not found again by comparing.
TEST(field, disk_queue_across_restarts) {
    engine::stream_options how = at_once();
    how.checkpoint_bytes = how.wal_limit = 64U << 10U;
    for (std::uint64_t seed = 1; seed <= 4; ++seed) {
        field of(seed, how);
        of.watch();
        of.commits(5);
        const std::uint64_t first = of.flush();
        of.server.habits.down = true;
        of.commits(100);
        of.all.run([&] { return of.count(kind::spilled) != 0; }, 10min);
        of.pass(10s);
        for (std::uint64_t i = 0; i < seed; ++i) {
            EXPECT_TRUE(of.engine.kill());
            of.pass(10s);
        }
        EXPECT_EQ(of.objects(0).size() + of.objects(9).size(), first) << "something was stored in a store that is down";
        of.server.habits.down = false;
        const std::uint64_t newest = of.flush();
        EXPECT_GT(newest, first);
        const auto back = of.restore(restore_target::latest());
        ASSERT_EQ(back.problem, "");
        EXPECT_EQ(back.txid, newest);
        EXPECT_EQ(back.found, of.committed.back());
        EXPECT_EQ(of.verify(), "");
        for (const auto& each : of.events) EXPECT_TRUE(each.kind != kind::reanchored && each.kind != kind::corruption) << each.text;
    }
}

// A machine that loses its power right after the first start has nothing damaged to tell of.
TEST(field, power_is_lost_right_after_the_first_start) {
    for (std::uint64_t seed = 1; seed <= 8; ++seed) {
        field of(seed, at_once());
        of.watch();
        of.commits(3);
        (void)of.flush();
        of.all.lose_power(of.machine);
        of.engine.supervise();
        of.pass(10s);
        of.commits(3);
        (void)of.flush();
        EXPECT_EQ(of.restore(restore_target::latest()).found, of.committed.back());
        for (const auto& each : of.events) EXPECT_NE(each.kind, kind::corruption) << each.text;
    }
}

}  // namespace
