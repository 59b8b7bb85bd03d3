// A disk's files on another disk, as of this instant: what a snapshot of the volume gives, or a copy that is made while nobody writes.
#pragma once

#include <string>

#include "tests/sim/disk.h"

namespace sim {

// The file, or the directory with everything in it; what is there already is replaced. Durable at once. Nothing if there is no `path` on `from`.
void copy_tree(const disk& from, disk& to, const std::string& path);
// The file, or the directory with everything in it, durably. Nothing if there is none.
void remove_tree(disk& on, const std::string& path);

}  // namespace sim
