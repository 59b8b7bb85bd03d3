// What flotilla-dst was asked for.
#pragma once

#include "tests/sim/experiment.h"

namespace sim {

struct options {
    std::string scenario;        // empty: all but the canary, in turn
    std::uint64_t seed = 1;      // the first
    bool of_commit = false;      // the seed was taken from the commit
    std::uint64_t count = 1;     // seeds
    std::uint64_t minutes = 0;   // further seeds for so long, instead of count
    std::string regressions;     // a file of scenarios and seeds, instead
    experiment changes;          // world, without, trouble_ms: for every run
    std::uint64_t jobs = 0;      // processes at once
    std::uint64_t twice = 0;     // percent of the runs that are made twice and compared
    std::uint64_t limit_s = 0;   // of real time, for one run
    std::string marks;           // a file of marks that the batch must reach
    bool count_marks = false;
    bool shrink = false;
    bool loud = false;
    bool json = false;
    bool hashes = false;
    std::string program;         // as it was called
};

// Empty: the program is to end with `code`, and what had to be said is said.
std::optional<options> read_options(int argc, char** argv, int& code);

}  // namespace sim
