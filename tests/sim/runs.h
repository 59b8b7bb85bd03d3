// Experiments, each in a process of its own, so that a crash is a finding and what killed processes leave is gone.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "tests/sim/experiment.h"
#include "tests/sim/simulation.h"

namespace sim {

struct report {
    experiment what;
    outcome out;         // failed: also for a process that died, or did not come to its end
    double cpu_s = 0;    // of one core
    std::string events;  // of a run that failed: the newest notes, or what it printed, oldest first
};

struct run_settings {
    std::uint64_t jobs = 1;       // processes at once
    std::uint64_t limit_s = 600;  // real time of one run; then it is killed, and has failed
    bool loud = false;            // print as it happens; needs jobs == 1
};

// Runs what `next` gives, until that is nothing, and reports in the order in which it was given. At most 64 reports wait for an earlier one.
void run_all(const run_settings& how, const std::function<std::optional<experiment>()>& next, const std::function<void(report)>& done);

}  // namespace sim
