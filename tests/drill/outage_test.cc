// The store is gone for a while under load: memory and logs stay within what was allowed, nothing is lost, and what waited arrives in few
// objects. OUTAGE_SECONDS, OUTAGE_DATABASES, OUTAGE_RATE (commits a second and database): 300, 50, 20 in `make drill`.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <chrono>
#include <iostream>
#include <stdexcept>
#include <thread>

#include "tests/drill/fixture.h"
#include "tests/drill/parameters.h"
#include "tests/support/rgw.h"
#include "tests/support/usage.h"

namespace {

using clock = std::chrono::steady_clock;
using std::chrono::seconds;

constexpr std::uint64_t mebibyte = 1U << 20U;
// What the program takes beside its budget: itself, 50 databases that are followed, connections to the store.
constexpr std::uint64_t base_memory = 40 * mebibyte;
constexpr std::uint64_t budget = 32 * mebibyte;
constexpr std::size_t fraction = 10;  // of the ticks missed, at most one in so many costs an object

double since(clock::time_point start) { return std::chrono::duration<double>(clock::now() - start).count(); }

// What it used, as late as could be asked.
tests::usage watched_to_its_end(pid_t process) {
    tests::usage out = tests::usage_of(process);
    try {
        for (;; std::this_thread::sleep_for(std::chrono::milliseconds(50))) out = tests::usage_of(process);
    } catch (const std::runtime_error&) {
        return out;
    }
}

class outage : public drill::drill_test {
protected:
    const int length = drill::parameter("OUTAGE_SECONDS", 15);
    const int count = drill::parameter("OUTAGE_DATABASES", 4);
    const int rate = drill::parameter("OUTAGE_RATE", 100);
    // So that each log meets its limit a few times.
    const std::uint64_t limit = length > 60 ? 4 * mebibyte : mebibyte;
    const int tick_ms = length > 60 ? 1000 : 100;
    tests::rgw gateway;
    std::vector<std::string> all = paths("app", count);

    outage() { store = gateway.make_bucket("outage"); }

    std::unique_ptr<tests::watch> begin() const {
        return start({"--memory", std::to_string(budget), "--wal-limit", std::to_string(limit), "--checkpoint-size", std::to_string(limit / 4),
                      "--min-interval", fmt::format("{}ms", tick_ms), "--drain-limit", "30m"});
    }
    void expect_within(const tests::watch& run) const {
        EXPECT_LE(tests::usage_of(run.pid()).most_memory, base_memory + budget);
        // As much again as the limit: what is committed until a spill had its turn and the disk's.
        for (const auto& path : all) EXPECT_LE(tests::size_of(path + "-wal"), 2 * limit) << path;
    }
};

TEST_F(outage, of_the_store_stays_within_memory_and_log_limits_and_costs_few_objects) {
    drill::writers applications(all, rate);
    auto run = begin();
    for (const auto& path : all) run->await("attached", 1, stream_of(path));
    await_another(*run, "confirmed", all);

    const auto gone = clock::now();
    gateway.pause();
    const std::size_t before = run->count("confirmed");
    for (const auto& path : all) run->await("spilled", 1, stream_of(path));
    std::this_thread::sleep_until(gone + seconds(length));
    expect_within(*run);

    gateway.restart();
    const auto back = clock::now();
    const auto committed = applications.finish();
    run->send_signal(SIGTERM);  // which means: make durable what was committed
    const auto used = watched_to_its_end(run->pid());
    EXPECT_LE(used.most_memory, base_memory + budget);
    EXPECT_EQ(run->wait(seconds(1800)), 0) << run->log();
    const double drained = since(back);
    const std::size_t objects = run->count("confirmed") - before;
    const auto ticks = static_cast<std::size_t>(static_cast<double>(count) * (since(gone) - drained) * 1000 / tick_ms);
    EXPECT_LE(objects, ticks / fraction);

    expect_all_restored(committed);
    std::int64_t commits = 0;
    for (const auto& [path, n] : committed) commits += n;
    std::cout << fmt::format("outage of {} s, {} databases at {} commits/s each ({} commits): drained in {:.1f} s with {} objects for {} ticks; at most {:.1f} MiB resident\n",
                             length, count, rate, commits, drained, objects, ticks, static_cast<double>(used.most_memory) / mebibyte);
}

}  // namespace
