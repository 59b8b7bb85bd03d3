// What a state.db says at an instant, read from its bytes as they lie on the disk, log included, by a reader of our own that nobody notices: it
// takes no lock, gives way to nobody and leaves nothing. A row counts only with its seal, as the engine would have it after a crash.
#pragma once

#include <optional>
#include <utility>
#include <vector>

#include "engine/memo.h"
#include "engine/object_row.h"
#include "tests/sim/disk.h"

namespace sim {

struct state_rows {
    std::vector<engine::memo> streams;
    std::vector<std::pair<std::string, engine::object_row>> objects;  // with their streams
};

// Nothing if there is no such file, or it is none that can be read: it is being made, or damaged.
std::optional<state_rows> read_state_file(const disk& on, const std::string& path);

// A database with the transactions that are whole in its log, as SQLite would recover it; what is no log changes nothing.
io::bytes with_log(io::byte_view database, io::byte_view log);

}  // namespace sim
