// Who asks through the request box, in `requests` and now and then in `swarm`.
#pragma once

#include "tests/sim/scenario.h"

namespace sim {

// From a stream of random numbers of its own.
void draw_requests(scenario& to, std::uint64_t seed);
// Neither the engine, its disk, its events nor the store come to any harm: what is asked is answered.
bool nothing_fails(const scenario& of);

}  // namespace sim
