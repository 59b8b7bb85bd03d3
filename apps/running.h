// Whether a watch is running on a state directory, told without taking its lock: to try it, even for a moment, could make a watch that
// starts just then refuse.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "io/file_system.h"

namespace apps {

// The words of the watch that holds <state_directory>/lock; empty if none does; nullopt if it cannot be told (no /proc/locks). Blocks.
std::optional<std::string> running_watch(io::file_system& files, const std::string& state_directory);

// Whether a text in the form of /proc/locks (proc(5)) has a flock(2) that is held on the inode. Pure. The device is not compared: an
// overlay file system shows another one than stat(2) does.
bool has_flock(std::string_view locks, std::uint64_t inode);

}  // namespace apps
