// A restore as a checker makes it: what comes out is read to its last byte, and removed.
#pragma once

#include <string>

#include "engine/restorer.h"
#include "tests/sim/model.h"
#include "tests/sim/world.h"

namespace sim {

struct restored {
    std::uint64_t txid = 0;
    state found;
    std::string broken;  // empty, or what is wrong with the file
};

// By a process on whose disk `output` is free.
io::task<io::result<restored>> restore_and_read(process& by, io::object_store& from, std::string stream, engine::restore_target at, std::string output);

}  // namespace sim
