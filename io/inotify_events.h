// What the kernel's inotify records mean. Pure; see inotify(7) for their layout.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "io/bytes.h"
#include "io/watcher.h"

namespace io {

// Decodes whole records; a truncated one at the end is ignored. `directories_of` gives the names under which the directory of a watch
// descriptor is watched (several, if they lead to one directory): each gets the event. None: no longer watched, the event is dropped.
std::vector<watch_event> decode_inotify(byte_view records, const std::function<std::vector<std::string>(int)>& directories_of);

}  // namespace io
