// Bytes of a database file to which SQLite pays no attention: a bit that flips there is wrong, and nobody but who compares whole pages can tell.
#pragma once

#include <cstdint>
#include <optional>

#include "tests/sim/inode.h"
#include "tests/sim/prng.h"

namespace sim {

struct inert_bit {
    std::uint64_t bit = 0;  // of the file
    std::uint32_t pgno = 0;
    bool in_log = false;  // of the wal-index's generation, and backfilled: a log that is recovered is played into the file once more
};

// Between the cell pointers and the cells of a leaf of a table, in a page that readers find in the file: the log (with its wal-index) has no frame of it, or
// all its frames are in the file, too. Nothing if there is no such page.
std::optional<inert_bit> find_inert(const inode& database, const inode* log, const inode* index, prng& dice);

}  // namespace sim
