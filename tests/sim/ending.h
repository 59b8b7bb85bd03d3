// What a process that has ended in order must not leave in the world: coroutines and timers, blocking code, open files and mappings, SQLite's
// connections and locks, watches. A process that is killed leaves all of it; then the system takes it back.
#pragma once

#include <functional>
#include <string>

#include "tests/sim/world.h"

namespace sim {

// Empty, or in words what is there of it now, and how many of each.
std::string left_by(const world& in, process& one);
// Says so when everything of this instant has run, if the process is alive then; of one that is frozen when it was thawed.
void when_ended(world& in, process& one, std::function<void(const std::string& left)> then);

}  // namespace sim
