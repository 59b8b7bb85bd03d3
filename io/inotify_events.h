// What the kernel's inotify records mean. Pure; see inotify(7) for their layout.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "io/bytes.h"
#include "io/watcher.h"

namespace io {

// Decodes whole records; a truncated one at the end is ignored. `directory_of` names the directory of a watch descriptor, empty if it
// is no longer watched: its events are dropped.
std::vector<watch_event> decode_inotify(byte_view records, const std::function<std::string(int)>& directory_of);

}  // namespace io
