// Files that nobody should find when an engine has ended in order: temporaries of its own or of a killed life before it, and whatever else has
// no business there.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tests/sim/disk.h"

namespace sim {

// In a pattern '#' stands for one or more hexadecimal digits, everything else for itself.
bool is_like(std::string_view path, std::string_view pattern);
// Paths of the files below a directory, in order; none if it is not there.
std::vector<std::string> files_below(const disk& on, const std::string& directory);
// Those that are neither the engine's (state, locks), nor a database's with its log (data), nor an object's (store).
std::vector<std::string> strangers(const disk& on);

}  // namespace sim
