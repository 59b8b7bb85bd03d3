// What scenarios came to have later: drawn after everything else, so that old seeds keep what they had.
#pragma once

#include "tests/sim/scenario.h"

namespace sim {

void draw_late(scenario& to, prng& dice);
// Few objects that may be put at once, so that streams wait for each other. From random numbers of its own.
void draw_shares(scenario& to, std::uint64_t seed);
// In half of `checkpoints`, and seldom in `swarm`; from a stream of random numbers of its own (checkpointer.cc).
void draw_checkpointer(scenario& to, std::uint64_t seed);

}  // namespace sim
