// A run that fails, made smaller until nothing more can be left out.
#pragma once

#include <functional>
#include <optional>

#include "tests/sim/options.h"
#include "tests/sim/runs.h"

namespace sim {

// Whether a smaller one fails in the same way: that one, or the same in another world; nothing if none does.
using still_fails = std::function<std::optional<experiment>(const experiment&)>;

// Leaves out half of the parts, a quarter, ..., single ones, and halves the time of trouble, as long as it still fails. Ends: each step makes it
// smaller; tries at most about (parts + 10)^2 experiments.
experiment shrink(const experiment& failing, const still_fails& fails);
// The same failure: the same words but for numbers.
bool same_failure(const std::string& a, const std::string& b);
// Shrinks and prints what is left and the command that repeats it. Each try is made in eight worlds, as one change of a scenario changes every coincidence.
void shrink_and_tell(const options& asked, const report& failed);

}  // namespace sim
