#include "tests/sim/host_draws.h"

#include <algorithm>

namespace sim {

namespace {

io::duration ms(std::uint64_t count) { return std::chrono::milliseconds(count); }

// A whole disk is copied when everything on it is shipped, and the copy takes the stream over with nothing of its own to say, while an object of
// the first host is on its way: only the fence is between the two.
void late_put(scenario& out, prng& dice) {
    const std::uint64_t lease_ms = static_cast<std::uint64_t>(out.lease.count() / 1'000'000);
    for (auto& each : out.applications) each.most_pause = ms(1000 + dice.below(2 * lease_ms));
    if (dice.chance(700)) out.stream.min_interval = {};
    if (dice.chance(500)) out.mishaps.clear();
    out.newcomers.resize(1);
    newcomer& one = out.newcomers.front();
    one.origin = newcomer::fate::goes_on;
    one.clone = one.take_over = true;
    one.held_up = ms(lease_ms / 2 + dice.below(2 * lease_ms));
    one.quiet = one.held_up + ms(dice.below(lease_ms));
    if (dice.chance(500)) out.mishaps.push_back({mishap::what::freeze_engine, one.at + ms(dice.below(lease_ms)), ms(dice.below(2 * lease_ms) + 1), 0, 0, {}});
}

}  // namespace

bool has_several_hosts(const std::string& name) { return name == "split_brain" || name == "rolling_restart" || name == "clone" || name == "late_puts"; }

void add_hosts(scenario& out, prng& dice) {
    using fate = newcomer::fate;
    using what = mishap::what;
    const bool rolling = out.name == "rolling_restart";
    out.directory = false;
    for (auto& each : out.applications) each.most_pause = std::max<io::duration>(each.most_pause, ms(200));  // there are several of each
    out.lease = ms(1500 + dice.below(6000));
    out.trouble = 5 * out.lease + ms(15'000 + dice.below(15'000));
    const std::uint64_t trouble_ms = static_cast<std::uint64_t>(out.trouble.count() / 1'000'000);
    const std::uint64_t count = 1 + dice.below(2);
    for (std::uint64_t i = 0; i < count; ++i) {
        newcomer one;
        one.at = ms(2000 + dice.below(trouble_ms / 2) + i * trouble_ms / 4);
        one.from = dice.below(i + 1);
        if (rolling) one.origin = static_cast<fate>(1 + dice.below(3));
        if (!rolling && dice.chance(150)) one.origin = fate::frozen;
        one.clone = out.name == "clone" || dice.chance(rolling ? 300 : 0);
        one.take_over = dice.chance(rolling ? 150 : 400);
        one.own = dice.chance(300);
        out.newcomers.push_back(one);
    }
    const std::size_t known = out.mishaps.size();
    const std::uint64_t lease_ms = static_cast<std::uint64_t>(out.lease.count() / 1'000'000);
    add_mishaps(out, dice, what::kill_engine, rolling ? 4 : 2);
    add_mishaps(out, dice, what::stop_engine, rolling ? 6 : 1);
    add_mishaps(out, dice, what::freeze_engine, 2, 3 * lease_ms);
    add_mishaps(out, dice, what::partition, 3, 4 * lease_ms);
    add_mishaps(out, dice, what::store_down, 1, 2 * lease_ms);
    // A host that sleeps and whose wall clock is set back meanwhile cannot know how long it was away.
    if (dice.chance(500)) add_mishaps(out, dice, what::sleep, 2, 3 * lease_ms);
    else add_mishaps(out, dice, what::clock_step, 3);
    for (std::size_t i = known; i < out.mishaps.size(); ++i) out.mishaps[i].on = dice.below(count + 1);
    for (std::uint64_t i = 0; i <= count; ++i) out.drifts.push_back(static_cast<std::int64_t>(dice.below(60'001)) - 30'000);
    if (dice.chance(500)) unreliable_store(out, dice);
}

void draw_hosts(scenario& to, prng& dice) {
    add_hosts(to, dice);
    if (to.name == "late_puts") late_put(to, dice);
}

}  // namespace sim
