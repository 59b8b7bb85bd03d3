// Whether a batch reached everything that it must.
#pragma once

#include <cstdint>
#include <map>
#include <string>

namespace sim {

// In how many runs each was reached.
using mark_counts = std::map<std::string, std::uint64_t>;

struct marks_held {
    std::string wrong;   // a line each: a mark that was not reached although it must be, and one that the file does not have
    std::string seldom;  // a line that names those that were not reached and need not be; empty if there are none
};

// Holds them against a file of marks, one a line; '#' begins what is for people, and "seldom " stands before a mark that a batch may miss. Throws std::runtime_error if
// the file cannot be read.
marks_held hold_marks(const std::string& path, const mark_counts& reached);
// For people: in how many runs each was reached, a line each.
std::string marks_counted(const mark_counts& reached);

}  // namespace sim
