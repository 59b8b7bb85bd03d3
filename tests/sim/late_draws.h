// What scenarios came to have later: drawn after everything else, so that old seeds keep what they had.
#pragma once

#include "tests/sim/scenario.h"

namespace sim {

void draw_late(scenario& to, prng& dice);

}  // namespace sim
