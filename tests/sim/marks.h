// Whether a batch reached everything that it must.
#pragma once

#include <cstdint>
#include <map>
#include <string>

namespace sim {

// In how many runs each was reached.
using mark_counts = std::map<std::string, std::uint64_t>;

// Holds them against a file of marks, one a line; '#' begins what is for people. What is wrong, a line each: a mark that was not reached, and
// one that the file does not have. Throws std::runtime_error if the file cannot be read.
std::string marks_missing(const std::string& path, const mark_counts& reached);

}  // namespace sim
