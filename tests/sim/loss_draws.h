// Which of the engine's own files are lost in a run, and when: drawn from the seed.
#pragma once

#include "tests/sim/scenario.h"

namespace sim {

// Of its own random numbers, so that nothing else in a scenario depends on it.
void draw_losses(scenario& to, std::uint64_t seed);

}  // namespace sim
