// Whether the log that a stream is to go on from is the one that its newest objects were made from. Salts and offsets alone do not say:
// the files of a host that was rolled back, or copied, go on in the same generation with commits of their own. Blocking.
#pragma once

#include <cstdint>
#include <map>
#include <span>

#include "io/error.h"
#include "ltx/format.h"
#include "ltx/page_sums.h"
#include "wal/log_reader.h"

namespace engine {

// What consecutive objects did to a database: the sum of each page they carry, as the newest of them left it.
struct changes {
    std::uint64_t from_txid = 0;   // of the database before
    std::uint64_t to_txid = 0;     // and after
    std::uint32_t page_count = 0;  // after
    std::map<std::uint32_t, std::uint64_t> sums;

    // The next object; its header's min TXID is to_txid + 1.
    void add(const ltx::header& head, std::span<const ltx::page_sum> pages);
};

// A piece of a log, or of a segment of one.
struct stretch {
    wal::log_reader* log = nullptr;
    wal::position from;
    wal::position to;
};

// Whether these pieces, each of which goes on where the one before it ended, hold just these changes, made to a database of `old_pages` pages.
// False, too, if they do not hold their positions. Reads each log from its start. Errors as log_reader.
io::result<bool> log_holds(std::span<const stretch> run, const changes& made, std::uint32_t old_pages);

}  // namespace engine
