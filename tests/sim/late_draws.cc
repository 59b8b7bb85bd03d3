#include "tests/sim/late_draws.h"

namespace sim {

namespace {

// Foreign connections checkpoint all the time, in every mode.
void checkpoint_storm(scenario& to, prng& dice) {
    to.writers = 2 + dice.below(2);
    for (auto& one : to.applications) {
        one.checkpoint_rate = 500 + dice.below(500);
        one.autocheckpoint = dice.below(10);
        one.most_pause = std::chrono::milliseconds(20 + dice.below(200));
    }
}

// A connection for every statement, closed at once: the last one to close checkpoints, if it may.
void connection_storm(scenario& to, prng& dice) {
    to.writers = 1 + dice.below(3);
    for (auto& one : to.applications) {
        one.reopen_rate = 1000;
        one.most_changes = 1;
        one.most_pause = std::chrono::milliseconds(10 + dice.below(150));
    }
}

void vacuum_storm(scenario& to, prng& dice) {
    for (auto& one : to.applications) {
        one.page_size = dice.chance(500) ? 512 : 65536;
        one.vacuum_rate = 20 + dice.below(60);
    }
}

// Little room for everything that the engine keeps on disk, a store that is often away, and now and then refuses for good.
void pressure(scenario& to, prng& dice) {
    to.cache_bytes = (32U << 10U) << dice.below(6);
    if (dice.chance(500)) to.disk_limit = (128U << 10U) << dice.below(5);
    to.stream.wal_limit = (64U << 10U) << dice.below(3);
    add_mishaps(to, dice, mishap::what::store_down, 3, 12'000);
    add_mishaps(to, dice, mishap::what::kill_at_point, 3);
    if (dice.chance(600)) to.store.denied = dice.below(15'000);
}

// One writes a lot and seldom, the others little and often.
void tenants(scenario& to, prng& dice) {
    while (to.applications.size() < 4) to.applications.push_back(application_habits::draw(dice));
    for (auto& one : to.applications) one.most_pause = std::chrono::milliseconds(20 + dice.below(60));
    auto& slow = to.applications[dice.below(to.applications.size())];
    slow.most_bytes = 20'000;
    slow.most_changes = 20;
    slow.most_pause = std::chrono::milliseconds(1500 + dice.below(3000));
}

// Disks that are slow for a while, full, failing, and forget: a bit of what the engine keeps for itself flips while it is dead.
void decay(scenario& to, prng& dice) {
    add_mishaps(to, dice, mishap::what::disk_slow, 3, 6000);
    add_mishaps(to, dice, mishap::what::rot_local, 4);
    add_mishaps(to, dice, mishap::what::disk_full, 1, 5000);
    add_mishaps(to, dice, mishap::what::disk_errors, 1, 3000);
    if (dice.chance(400)) to.cache_bytes = 1U << 20U;
    if (dice.chance(400)) to.stream.wal_limit = 64U << 10U;
}

}  // namespace

void draw_late(scenario& to, prng& dice) {
    using what = mishap::what;
    const bool swarm = to.name == "swarm";
    const auto sometimes = [&](const char* of, std::uint64_t rate = 300) { return to.name == of || (swarm && dice.chance(rate)); };
    if (sometimes("points") || to.name == "crash_loop") add_mishaps(to, dice, what::kill_at_point, 5);
    to.points = to.name == "points" || (to.name != "calm" && to.name != "canary" && dice.chance(400));
    if (sometimes("checkpoints", 100)) checkpoint_storm(to, dice);
    if (sometimes("connections", 100)) connection_storm(to, dice);
    if (sometimes("vacuum", 100)) vacuum_storm(to, dice);
    if (sometimes("pressure", 150)) pressure(to, dice);
    if (sometimes("tenants", 50)) tenants(to, dice);
    if (sometimes("decay", 150)) decay(to, dice);
    if (to.name == "clocks") add_mishaps(to, dice, what::clock_step, 8);
}

void draw_shares(scenario& to, std::uint64_t seed) {
    prng dice(seed, "late shares");
    const bool may = to.name == "swarm" || to.name == "tenants" || to.name == "pressure";
    if (may && dice.chance(500)) to.objects_in_flight = 1 + dice.below(3);
}

}  // namespace sim
