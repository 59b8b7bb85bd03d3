// Files that were moved aside because they are damaged, <name><what happened>-<ms since 1970>: for whoever looks into it, and not for ever.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "io/file_system.h"

namespace engine {

inline constexpr std::size_t most_set_aside = 4;

// Of the files in the directory whose name has `mark` (".damaged-") followed by a time, only the newest most_set_aside stay. What cannot be
// listed or removed stays, too. Blocks.
void keep_newest(io::file_system& files, const std::string& directory, std::string_view mark);

}  // namespace engine
