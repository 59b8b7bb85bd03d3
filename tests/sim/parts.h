// What a scenario can do without, by name: how a failing run is made smaller. A fault that is added to scenario.h gets a line in parts.cc.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "tests/sim/scenario.h"

namespace sim {

// Of the parts that a scenario has: "mishap3" (the third by time), "database2", "store-rejects", ... All databases but one can go.
std::vector<std::string> parts_of(const scenario& whole);
// Takes parts out, all at once: numbers are those of the whole scenario. Throws std::invalid_argument for one that it does not have, and when no database is left.
void leave_out(scenario& from, const std::vector<std::string>& parts);

}  // namespace sim
