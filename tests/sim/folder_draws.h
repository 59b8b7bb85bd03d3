// What applications do in a watched directory, over weeks: databases that come, go, are replaced and renamed, and two that want one name.
#pragma once

#include "tests/sim/scenario.h"

namespace sim {

// The names that databases may have, below the directory that is watched.
inline constexpr const char* places[] = {"a", "b", "sub/c", "sub/deep/d", "sub/e", "f"};
inline constexpr std::size_t place_count = 6;

std::string_view words(folder_act::what kind);

// Of the scenario directories; of no other.
void draw_folders(scenario& to, std::uint64_t seed);

}  // namespace sim
