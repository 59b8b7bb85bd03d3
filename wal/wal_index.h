// What the wal-index (the -shm file) says. Source: "WAL-mode File Format", section 2, and SQLite's wal.c; integers are in native order,
// the salts are copied from the log's header byte by byte. Pure: parses bytes that live_database reads through SQLite's own mapping.
#pragma once

#include <cstdint>
#include <optional>

#include "io/bytes.h"

namespace wal {

inline constexpr std::size_t wal_index_header_bytes = 48;
inline constexpr std::size_t wal_index_bytes = 136;  // two copies of the header, then the checkpoint information

struct wal_index {
    std::uint32_t page_size = 0;
    std::uint32_t max_frame = 0;      // committed frames in the log; 0: between generations, or nothing was ever written
    std::uint32_t page_count = 0;     // of the database
    std::uint32_t salt1 = 0;
    std::uint32_t salt2 = 0;
    std::uint32_t backfilled = 0;     // so many frames are in the database file
};

// Nothing if it is not initialized or was caught in the middle of a change (the copies differ, or the checksum): read again.
std::optional<wal_index> parse_wal_index(io::byte_view start);

}  // namespace wal
