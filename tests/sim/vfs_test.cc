#include <gtest/gtest.h>
#include <sqlite3.h>

#include <set>
#include <string>

#include "tests/sim/sqlite.h"
#include "tests/sim/world.h"

namespace {

using namespace std::chrono_literals;

struct two_processes {
    explicit two_processes(std::uint64_t seed) : all(seed), machine(all.add_host("a")), one(all.start(machine, "one")), two(all.start(machine, "two")) {}
    void run() { all.run([this] { return running == 0; }, 1h); }
    void start(sim::process& who, std::function<void()> body) {
        ++running;
        all.bodies.start(who.id, [this, body = std::move(body)] {
            body();
            --running;
        });
    }

    sim::world all;
    sim::host& machine;
    sim::process& one;
    sim::process& two;
    int running = 0;
};

void create(const std::string& path) {
    sim::sqlite db(path);
    db.run("PRAGMA journal_mode=WAL; CREATE TABLE t(id INTEGER PRIMARY KEY, x TEXT)");
}

TEST(vfs, writers_of_two_processes_take_turns_and_lose_nothing) {
    std::set<std::uint64_t> hashes;
    for (std::uint64_t seed = 1; seed <= 10; ++seed) {
        two_processes w(seed);
        w.machine.disk.habits.pause_rate = 200'000;
        w.start(w.one, [] { create("/t.db"); });
        w.run();
        for (auto* who : {&w.one, &w.two}) {
            w.start(*who, [who] {
                sim::sqlite db("/t.db");
                for (int i = 0; i < 50; ++i) db.run("BEGIN IMMEDIATE; INSERT INTO t(x) VALUES('" + who->name + "'); COMMIT");
            });
        }
        w.run();
        w.start(w.two, [] {
            sim::sqlite db("/t.db");
            EXPECT_EQ(db.text("SELECT count(*) || ',' || count(DISTINCT x) FROM t"), "100,2");
            EXPECT_EQ(db.text("PRAGMA integrity_check"), "ok");
        });
        w.run();
        hashes.insert(w.all.history.hash());
    }
    EXPECT_EQ(hashes.size(), 10U);
}

TEST(vfs, a_reader_sees_one_state_while_others_write_and_checkpoint) {
    two_processes w(5);
    w.machine.disk.habits.pause_rate = 300'000;
    w.start(w.one, [] {
        create("/t.db");
        sim::sqlite("/t.db").run("INSERT INTO t VALUES(1,'0'),(2,'0')");
    });
    w.run();
    bool over = false;
    w.start(w.one, [&] {
        sim::sqlite db("/t.db");
        for (int i = 1; i <= 30; ++i) {
            db.run("UPDATE t SET x = '" + std::to_string(i) + "'");
            if (i % 7 == 0) db.run("PRAGMA wal_checkpoint(TRUNCATE)");
        }
        over = true;
    });
    int looked = 0;
    w.start(w.two, [&] {
        sim::sqlite db("/t.db");
        while (!over) {
            db.run("BEGIN");
            const std::string first = db.text("SELECT x FROM t WHERE id=1");
            w.all.bodies.sleep(2ms);
            EXPECT_EQ(db.text("SELECT x FROM t WHERE id=2"), first);
            db.run("COMMIT");
            ++looked;
        }
    });
    w.run();
    EXPECT_GT(looked, 3);
}

TEST(vfs, a_killed_writer_leaves_a_whole_database_and_no_locks) {
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        two_processes w(seed);
        w.machine.disk.habits.pause_rate = 300'000;
        int committed = 0;
        w.start(w.one, [] { create("/t.db"); });
        w.run();
        w.start(w.one, [&] {
            sim::sqlite db("/t.db");
            while (true) {
                db.run("INSERT INTO t(x) VALUES(randomblob(3000))");
                ++committed;
            }
        });
        w.running = 0;
        w.all.run([&] { return w.all.loop.now() > io::instant(std::chrono::milliseconds(30 + seed)); }, 1min);
        w.all.kill(w.one);
        w.start(w.two, [&] {
            sim::sqlite db("/t.db");
            const int rows = std::stoi(db.text("SELECT count(*) FROM t"));
            EXPECT_TRUE(rows == committed || rows == committed + 1) << rows << " of " << committed;
            EXPECT_EQ(db.text("PRAGMA integrity_check"), "ok");
            db.run("INSERT INTO t(x) VALUES('after')");
        });
        w.run();
    }
}

TEST(vfs, a_loss_of_power_keeps_what_full_synchronous_committed) {
    bool lost_something = false;
    for (std::uint64_t seed = 1; seed <= 16; ++seed) {
        two_processes w(seed);
        const bool full = seed % 2 == 0;
        int committed = 0;
        w.start(w.one, [] { create("/t.db"); });
        w.run();
        w.machine.disk.sync_everything();
        w.start(w.one, [&] {
            sim::sqlite db("/t.db");
            db.run(full ? "PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=20" : "PRAGMA synchronous=NORMAL; PRAGMA wal_autocheckpoint=20");
            while (true) {
                db.run("INSERT INTO t(x) VALUES(randomblob(3000))");
                ++committed;
            }
        });
        w.all.run([&] { return w.all.loop.now() > io::instant(std::chrono::milliseconds(20 + 3 * seed)); }, 1min);
        w.all.lose_power(w.machine);
        sim::process& after = w.all.start(w.machine, "after");
        w.running = 0;
        w.start(after, [&] {
            sim::sqlite db("/t.db");
            const int rows = std::stoi(db.text("SELECT count(*) FROM t"));
            EXPECT_LE(rows, committed + 1);
            if (full) EXPECT_GE(rows, committed);
            lost_something |= rows < committed;
            EXPECT_EQ(db.text("PRAGMA integrity_check"), "ok") << "seed " << seed;
        });
        w.run();
    }
    EXPECT_TRUE(lost_something);
}

// fcntl(2): closing any descriptor of a file takes all of the process's locks on it away. Who opens a user's database by himself hurts it.
TEST(vfs, closing_the_file_elsewhere_in_the_process_takes_its_locks_away) {
    two_processes w(1);
    w.start(w.one, [&] {
        create("/t.db");
        sim::sqlite reader("/t.db");
        reader.run("PRAGMA journal_mode=DELETE; BEGIN; SELECT count(*) FROM t");
        sim::sqlite other("/t.db");
        EXPECT_EQ(other.try_run("PRAGMA busy_timeout=5; BEGIN EXCLUSIVE"), SQLITE_BUSY);
        (void)w.one.files.open("/t.db", io::open_mode::read);
        EXPECT_EQ(other.try_run("BEGIN EXCLUSIVE; COMMIT"), SQLITE_OK);
    });
    w.run();
}

TEST(vfs, time_and_randomness_are_the_worlds) {
    std::string first;
    for (int round = 0; round < 2; ++round) {
        two_processes w(9);
        w.machine.clocks.offset_ms = 3'600'000;
        std::string said;
        w.start(w.one, [&] {
            sim::sqlite db(":memory:");
            said = db.text("SELECT datetime('now') || hex(randomblob(8))");
        });
        w.run();
        EXPECT_EQ(said.substr(0, 16), "2026-01-01 01:00");
        if (round == 1) EXPECT_EQ(said, first);
        first = said;
    }
}

TEST(watcher, events_of_sqlites_writes_come_and_an_overflow_says_so) {
    two_processes w(4);
    w.start(w.one, [] { create("/t.db"); });
    w.run();
    w.machine.events.most_waiting = 3;
    auto watching = w.two.env.make_watcher();
    ASSERT_TRUE((*watching)->add("/").has_value());
    EXPECT_EQ((*watching)->add("/none").error().code, io::errc::not_found);
    bool wal = false, overflow = false;
    int left = 30;
    const auto listen = [&]() -> io::task<void> {
        while (left > 0) {
            for (const auto& e : co_await (*watching)->next()) {
                wal |= e.kind == io::watch_event::what::changed && e.name == "t.db-wal" && e.directory == "/";
                overflow |= e.kind == io::watch_event::what::overflow;
            }
            if (left == 15) co_await io::sleep_for(w.two.time, 1s);
            --left;
        }
    };
    w.start(w.one, [&] {
        sim::sqlite db("/t.db");
        while (left > 0) {
            db.run("INSERT INTO t(x) VALUES('x'); PRAGMA wal_checkpoint");
            w.all.bodies.sleep(3ms);
        }
    });
    w.all.run(w.two, listen(), 1min);
    w.run();
    EXPECT_TRUE(wal);
    EXPECT_TRUE(overflow);
}

}  // namespace
