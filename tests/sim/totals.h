// What a batch of runs came to.
#pragma once

#include <string>
#include <vector>

#include "tests/sim/marks.h"
#include "tests/sim/runs.h"

namespace sim {

struct totals {
    std::uint64_t runs = 0;        // seeds; a second run of one is not another
    std::uint64_t twice = 0;       // of them were run again and compared
    double cpu_s = 0;
    counts sum;                    // of first runs; its hash means nothing
    std::uint64_t all_steps = 0;   // those of second runs, too
    mark_counts marks;
    std::vector<report> failures;  // without their events

    void add(const report& one);
    // For people, a few lines.
    std::string words(double seconds) const;
    // {"commit", "runs", "failed", "failures": [{"scenario", "seed", "options", "failed"}], ...}
    std::string json(double seconds) const;
};

}  // namespace sim
