// Many seeds, one after the other or several at once, and what they came to.
#pragma once

#include "tests/sim/options.h"
#include "tests/sim/totals.h"

namespace sim {

// Runs what was asked for; says of each run that fails which it was, what happened last and how to repeat it, and at the end the sums. Throws std::runtime_error if the
// list of regressions cannot be read.
totals run_batch(const options& asked);
// On standard error.
void tell(const options& asked, const report& failed);

}  // namespace sim
