// Scenarios with several hosts: how many there are, what they are made from, and what becomes of that.
#pragma once

#include "tests/sim/scenario.h"

namespace sim {

// split_brain, rolling_restart, clone, late_puts.
bool has_several_hosts(const std::string& name);
// So many hosts as that scenario has; of any other one a few.
void add_hosts(scenario& to, prng& dice);
void draw_hosts(scenario& to, prng& dice);

}  // namespace sim
