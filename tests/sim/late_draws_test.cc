#include "tests/sim/late_draws.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

namespace {

using what = sim::mishap::what;

constexpr std::uint64_t seeds = 40;

std::uint64_t count(const sim::scenario& of, what kind) {
    return static_cast<std::uint64_t>(std::ranges::count(of.mishaps, kind, &sim::mishap::kind));
}

// What is drawn late for a scenario of that name, and nothing else.
sim::scenario late(const std::string& name, std::uint64_t seed) {
    sim::prng dice(seed, "test");
    sim::scenario out;
    out.name = name;
    out.applications.push_back({});
    sim::draw_late(out, dice);
    return out;
}

TEST(late_draws, each_scenario_has_what_it_is_called_for_every_seed) {
    for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
        EXPECT_TRUE(late("points", seed).points);
        const auto checkpoints = late("checkpoints", seed);
        EXPECT_GE(checkpoints.writers, 2U);
        EXPECT_GE(checkpoints.applications[0].checkpoint_rate, 500U);
        EXPECT_EQ(late("connections", seed).applications[0].reopen_rate, 1000U);
        const auto vacuum = late("vacuum", seed);
        EXPECT_GE(vacuum.applications[0].vacuum_rate, 20U);
        EXPECT_TRUE(vacuum.applications[0].page_size == 512 || vacuum.applications[0].page_size == 65536);
        const auto pressure = late("pressure", seed);
        EXPECT_NE(pressure.cache_bytes, 0U);
        EXPECT_LE(pressure.stream.wal_limit, 256U << 10U);
        const auto tenants = late("tenants", seed);
        ASSERT_EQ(tenants.applications.size(), 4U);
        EXPECT_EQ(std::ranges::count_if(tenants.applications, [](const auto& one) { return one.most_pause >= std::chrono::milliseconds(1500); }), 1);
    }
}

TEST(late_draws, what_may_happen_happens_for_some_seeds) {
    std::uint64_t killed = 0, away = 0, slow = 0, rotten = 0, full = 0, failing = 0, steps = 0, limited = 0, denied = 0;
    for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
        killed += count(late("points", seed), what::kill_at_point);
        const auto pressure = late("pressure", seed);
        away += count(pressure, what::store_down);
        limited += pressure.disk_limit != 0;
        denied += pressure.store.denied != 0;
        const auto decay = late("decay", seed);
        slow += count(decay, what::disk_slow);
        rotten += count(decay, what::rot_local);
        full += count(decay, what::disk_full);
        failing += count(decay, what::disk_errors);
        steps += count(late("clocks", seed), what::clock_step);
    }
    for (const std::uint64_t each : {killed, away, slow, rotten, full, failing, steps}) EXPECT_GT(each, seeds / 4);
    for (const std::uint64_t each : {limited, denied}) EXPECT_TRUE(each > 0 && each < seeds) << each;
}

TEST(late_draws, calm_has_none_of_it_and_swarm_has_all_of_it_now_and_then) {
    std::set<std::string> seen;
    for (std::uint64_t seed = 1; seed <= 10 * seeds; ++seed) {
        const auto calm = late("calm", seed);
        EXPECT_TRUE(calm.mishaps.empty() && !calm.points && calm.cache_bytes == 0);
        const auto swarm = late("swarm", seed);
        const auto& app = swarm.applications[0];
        if (swarm.points) seen.insert("points");
        if (app.checkpoint_rate >= 500) seen.insert("checkpoints");
        if (app.reopen_rate == 1000) seen.insert("connections");
        if (app.page_size == 512) seen.insert("vacuum");
        if (count(swarm, what::store_down) != 0) seen.insert("pressure");
        if (swarm.applications.size() == 4) seen.insert("tenants");
        if (count(swarm, what::rot_local) != 0) seen.insert("decay");
    }
    EXPECT_EQ(seen.size(), 7U);
}

}  // namespace
