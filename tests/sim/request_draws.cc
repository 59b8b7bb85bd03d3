#include "tests/sim/request_draws.h"

#include <algorithm>

namespace sim {

namespace {

void everything_fails(scenario& to, prng& dice) {
    using what = mishap::what;
    add_mishaps(to, dice, what::kill_engine, 3);
    add_mishaps(to, dice, what::stop_engine, 2);
    add_mishaps(to, dice, what::kill_at_point, 3);
    add_mishaps(to, dice, what::freeze_engine, 2, 6000);
    add_mishaps(to, dice, what::lose_power, 1);
    add_mishaps(to, dice, what::store_down, 2, 10'000);
    add_mishaps(to, dice, what::clock_step, 2);
    add_mishaps(to, dice, what::disk_full, 1, 5000);
    add_mishaps(to, dice, what::disk_errors, 1, 3000);
    add_mishaps(to, dice, what::disk_slow, 1, 4000);
    to.store.rejected = dice.below(150'000);
    to.store.reply_lost = dice.below(80'000);
    to.store.stalled = dice.below(10'000);
    if (dice.chance(200)) to.store.denied = dice.below(15'000);
    if (dice.chance(300)) to.events.lost_rate = dice.below(500'000);
    if (dice.chance(300)) to.events.most_waiting = 2 + dice.below(20);
    if (dice.chance(300)) to.stream.wal_limit = (64U << 10U) << dice.below(3);
}

}  // namespace

void draw_requests(scenario& to, std::uint64_t seed) {
    prng dice(seed, "late requests");
    const bool own = to.name == "requests";
    if (!own && !(to.name == "swarm" && dice.chance(150))) return;
    to.asking = own ? 300 + dice.below(700) : 50 + dice.below(300);
    if (!own) return;
    to.flip = dice.chance(700);
    if (dice.chance(800)) return everything_fails(to, dice);
    to.points = false;
    to.stream.batch_bytes = 4U << 20U;  // who writes faster than objects of a few pages can be put waits for ever, and rightly so
}

bool nothing_fails(const scenario& of) {
    const store_habits& store = of.store;
    const bool sound = store.rejected + store.denied + store.reply_lost + store.stalled + store.listing_lag + store.most_per_second == 0 && store.faults.empty();
    return sound && of.mishaps.empty() && !of.points && !of.network && of.events.lost_rate == 0 && of.disk_limit == 0;
}

}  // namespace sim
