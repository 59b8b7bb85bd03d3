#include "tests/sim/loss_draws.h"

#include "tests/sim/losses.h"

namespace sim {

namespace {

io::duration ms(std::uint64_t count) { return std::chrono::milliseconds(count); }

mishap lose(loss what, std::uint64_t at_ms) { return {mishap::what::lose_files, ms(at_ms), {}, static_cast<std::int64_t>(what), 0}; }

// A copy early, and what it holds put back late.
void set_back(scenario& to, prng& dice, std::uint64_t whole_ms) {
    to.mishaps.push_back(lose(loss::keep, 1500 + dice.below(whole_ms / 2)));
    to.mishaps.push_back(lose(dice.chance(500) ? loss::all_back : loss::state_back, whole_ms / 2 + dice.below(whole_ms / 2)));
}

}  // namespace

void draw_losses(scenario& to, std::uint64_t seed) {
    prng dice(seed, "late losses");
    const bool swarm = to.name == "swarm";
    if (to.name != "losses" && !(swarm && dice.chance(150))) return;
    // A host whose identity is lost waits until the lost one is dead.
    to.lease = ms(1000 + dice.below(5000));
    if (!swarm) to.trouble += 3 * to.lease;
    const auto whole_ms = static_cast<std::uint64_t>(to.trouble.count() / 1'000'000);
    const std::uint64_t count = 1 + dice.below(swarm ? 2 : 4);
    for (std::uint64_t i = 0; i < count; ++i) {
        const std::uint64_t at_ms = 2000 + dice.below(whole_ms - 2000);
        // Seldom one alone: what is damaged is damaged in several places.
        do {
            to.mishaps.push_back(lose(static_cast<loss>(dice.below(static_cast<std::uint64_t>(loss::keep))), at_ms));
        } while (dice.chance(250));
    }
    if (dice.chance(500)) set_back(to, dice, whole_ms);
    if (swarm) return;
    add_mishaps(to, dice, mishap::what::kill_engine, 2);
    add_mishaps(to, dice, mishap::what::stop_engine, 1);
    add_mishaps(to, dice, mishap::what::store_down, 2, 10'000);
    if (dice.chance(300)) add_mishaps(to, dice, mishap::what::kill_at_point, 2);
    if (dice.chance(200)) add_mishaps(to, dice, mishap::what::lose_power, 1);
    if (dice.chance(200)) to.store.denied = dice.below(15'000);
    if (dice.chance(400)) to.store.reply_lost = dice.below(80'000);
    if (dice.chance(400)) to.cache_bytes = 1U << 20U;
    if (dice.chance(600)) to.stream.wal_limit = 64U << 10U;
    if (dice.chance(400)) to.points = true;
}

}  // namespace sim
