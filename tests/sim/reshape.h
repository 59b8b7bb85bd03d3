// Applications that leave WAL mode for a while, write on, and come back with pages of another size.
#pragma once

#include "tests/sim/scenario.h"

namespace sim {

// `reshaped`. From a stream of random numbers of its own.
void draw_reshaped(scenario& to, std::uint64_t seed);

}  // namespace sim
