// A long ordinary life: databases come and go, some are written by a connection for each statement, snapshots are asked for, the store has
// hiccups, the watch is ended and killed now and then. Nothing is lost, and in its last and longest life the watch does not grow.
// SOAK_SECONDS: 1800 in `make drill`, where FLOTILLA is a build with sanitizers, so that a leak is a failure at each exit.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <iostream>
#include <thread>

#include "tests/drill/fixture.h"
#include "tests/drill/parameters.h"
#include "tests/drill/proxied_gateway.h"
#include "tests/support/sqlite.h"
#include "tests/support/usage.h"

namespace {

namespace fs = std::filesystem;
using clock = std::chrono::steady_clock;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::uint64_t mebibyte = 1U << 20U;
constexpr int guest_names = 6;      // of databases that come and go; a name comes back
constexpr std::uint64_t pooled_connections = 64;  // to the store; a hiccup closes them, later ones are opened as needed
constexpr milliseconds round_time{1000};

struct sample {
    std::uint64_t memory = 0;
    std::uint64_t descriptors = 0;
    std::uint64_t rows = 0;   // of all tables of state.db
    std::uint64_t files = 0;  // in the state directory
};

std::uint64_t rows_in(const std::string& database) {
    tests::app db(database, 60'000);
    std::uint64_t out = 0;
    const auto tables = db.number("SELECT count(*) FROM sqlite_schema WHERE type='table'");
    for (std::int64_t i = 0; i < tables; ++i) {
        const auto name = db.text(fmt::format("SELECT name FROM sqlite_schema WHERE type='table' ORDER BY name LIMIT 1 OFFSET {}", i));
        out += static_cast<std::uint64_t>(db.number(fmt::format("SELECT count(*) FROM \"{}\"", name)));
    }
    return out;
}

// The middle value of one third of the samples.
std::uint64_t middle(const std::vector<sample>& all, std::size_t third, std::uint64_t sample::* what) {
    std::vector<std::uint64_t> values;
    for (std::size_t i = third * all.size() / 3; i < (third + 1) * all.size() / 3; ++i) values.push_back(all[i].*what);
    std::sort(values.begin(), values.end());
    return values.at(values.size() / 2);
}

class soak : public drill::drill_test {
protected:
    const seconds length{drill::parameter("SOAK_SECONDS", 30)};
    drill::proxied_gateway gateway;
    std::unique_ptr<tests::watch> run;
    std::vector<std::string> steady = paths("steady", 6);
    std::vector<std::string> shy = paths("shy", 3);
    drill::writers kept{steady, 10};
    drill::writers statements{shy, 2, drill::habit::statement};
    drill::writers guests{{}, 5};
    std::vector<std::string> present;  // guests that are there
    int round = 0;
    std::vector<sample> samples;

    soak() { store = gateway.make_bucket("soak"); }

    void begin() {
        gateway.heal();  // a watch does not begin without its store
        tests::process_options settings;
        settings.environment["ASAN_OPTIONS"] = "quarantine_size_mb=4:detect_leaks=1";
        run = start({"--min-interval", "250ms", "--checkpoint-size", "128KiB", "--sweep-interval", "5s", "--drain-limit", "10m"}, settings);
        run->await("watching");
    }
    void change_guests();
    void hiccup();
    void ask_for_snapshot() const;
    void live(clock::time_point until, bool sampling);
    void expect_no_growth() const;
};

// One guest arrives, or the oldest leaves as an application does that deletes a tenant.
void soak::change_guests() {
    if (present.size() < guest_names / 2) {
        present.push_back(fmt::format("{}/guest-{}.db", databases, round % guest_names));
        guests.add(present.back());
        return;
    }
    guests.drop(present.front());
    for (const char* part : {"", "-wal", "-shm"}) fs::remove(present.front() + part);
    present.erase(present.begin());
}

// Of each ten rounds, three in which the store is bad and one in which it is gone.
void soak::hiccup() {
    using tests::fault;
    static constexpr std::array bad{fault::none, fault::slow_down, fault::none, fault::cut, fault::internal_error, fault::none, fault::lose_to_500,
                                    fault::reset, fault::trickle, fault::lose_to_504, fault::none, fault::stale};
    switch (round % 10) {
        case 3: gateway.choose([n = 0U](const std::string&, const std::string&) mutable { return bad[n++ % bad.size()]; }); break;
        case 6: gateway.choose([](const std::string&, const std::string&) { return fault::reset; }); break;
        case 7: gateway.heal(); break;
        default: break;
    }
}

void soak::ask_for_snapshot() const {
    const auto& path = steady[static_cast<std::size_t>(round) % steady.size()];
    const auto done = tests::flotilla({"snapshot", stream_of(path), "--state", state, "--timeout", "10m"}, {}, seconds(600));
    EXPECT_EQ(done.code, 0) << done.err;
}

void soak::live(clock::time_point until, bool sampling) {
    while (clock::now() < until) {
        const auto next = clock::now() + round_time;
        ++round;
        hiccup();
        change_guests();
        if (round % 10 == 9) ask_for_snapshot();
        std::this_thread::sleep_until(next);
        if (!sampling) continue;
        const auto used = tests::usage_of(run->pid());
        samples.push_back({used.memory, used.descriptors, rows_in(state + "/state.db"), tests::files_in(state)});
    }
}

// The middle of the last third beside that of the first. Memory: a tenth and 8 MiB for the allocator's and the sanitizer's own habits.
void soak::expect_no_growth() const {
    ASSERT_GE(samples.size(), 6U);
    const auto first = [&](auto what) { return middle(samples, 0, what); };
    const auto last = [&](auto what) { return middle(samples, 2, what); };
    EXPECT_LE(last(&sample::memory), first(&sample::memory) * 11 / 10 + 8 * mebibyte);
    EXPECT_LE(last(&sample::descriptors), first(&sample::descriptors) + pooled_connections + 24);
    EXPECT_LE(last(&sample::rows), first(&sample::rows) + 20);
    EXPECT_LE(last(&sample::files), first(&sample::files) + 20);
    std::cout << fmt::format("soak of {} s, {} rounds: {:.1f} MiB resident in the first third of the last life, {:.1f} in the last; descriptors {} and {}; "
                             "rows {} and {}; files {} and {}\n",
                             length.count(), round, static_cast<double>(first(&sample::memory)) / mebibyte, static_cast<double>(last(&sample::memory)) / mebibyte,
                             first(&sample::descriptors), last(&sample::descriptors), first(&sample::rows), last(&sample::rows), first(&sample::files),
                             last(&sample::files));
}

TEST_F(soak, with_churn_and_a_bad_store_loses_nothing_and_grows_nowhere) {
    const auto begun = clock::now();
    constexpr int early_lives = 4;  // in the first quarter of the time
    for (int life = 1; life <= early_lives; ++life) {
        begin();
        live(begun + length * life / early_lives / 4, false);
        if (life % 2 == 0) {
            EXPECT_EQ(run->kill(), 128 + SIGKILL) << run->log();
        } else {
            gateway.heal();
            EXPECT_EQ(run->stop(), 0) << run->log();
        }
    }
    begin();
    live(begun + length, true);
    gateway.heal();
    expect_no_growth();
    // The youngest guest may not have been met yet, and one that had its name before may still be on its way: the second is its own.
    for (int i = 0; i < 2; ++i) await_another(*run, "confirmed", present);

    auto committed = kept.finish();
    committed.merge(statements.finish());
    committed.merge(guests.finish());
    EXPECT_EQ(run->stop(), 0) << run->log();
    EXPECT_EQ(run->count("stopped"), 0U);
    expect_all_restored(committed);
}

}  // namespace
