#include "tests/sim/late_draws.h"

namespace sim {

void draw_late(scenario& to, prng& dice) {
    using what = mishap::what;
    const bool swarm = to.name == "swarm";
    const auto sometimes = [&](const char* of) { return to.name == of || (swarm && dice.chance(300)); };
    if (sometimes("points") || to.name == "crash_loop") add_mishaps(to, dice, what::kill_at_point, 5);
    to.points = to.name == "points" || (to.name != "calm" && to.name != "canary" && dice.chance(400));
}

}  // namespace sim
