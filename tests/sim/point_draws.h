// Failpoints by name (io/failpoint.h), and worlds in which an engine comes to them.
#pragma once

#include "tests/sim/scenario.h"

namespace sim {

// The scenario at_points: a situation, and the engine dies at each point that belongs to it, and at some others.
void draw_at_points(scenario& to, prng& dice);
// Half of the kills at a point are at one by name, whichever the scenario.
void name_points(scenario& to, prng& dice);

}  // namespace sim
