// The fixed parts of SQLite's write-ahead log. Source: "WAL-mode File Format" (sqlite.org/walformat.html) and section 4 of the database
// file format. All integers are big-endian.
#pragma once

#include <cstdint>
#include <optional>

#include "io/bytes.h"
#include "io/error.h"
#include "wal/checksum.h"

namespace wal {

inline constexpr std::uint64_t header_size = 32;
inline constexpr std::uint64_t frame_header_size = 24;
inline constexpr std::uint32_t magic_little = 0x377f0682;  // checksums read their input as little-endian words
inline constexpr std::uint32_t magic_big = 0x377f0683;     // as big-endian words: the lowest bit says so (A1)
inline constexpr std::uint32_t format_version = 3007000;

struct header {
    bool big_endian = false;
    std::uint32_t page_size = 0;  // bytes, a power of two from 512 to 65536
    std::uint32_t checkpoint_sequence = 0;  // a counter of the connection that wrote it: proves nothing
    std::uint32_t salt1 = 0;
    std::uint32_t salt2 = 0;
    chain running;  // the checksum that the first frame continues
};

struct frame_header {
    std::uint32_t pgno = 0;
    std::uint32_t commit_pages = 0;  // database size in pages after this commit; 0: not a commit frame
    std::uint32_t salt1 = 0;
    std::uint32_t salt2 = 0;
    chain running;  // after this frame
};

// Where frame `index` (from 1) begins, in bytes from the start of the file.
constexpr std::uint64_t frame_offset(std::uint64_t index, std::uint32_t page_size) {
    return header_size + (index - 1) * (frame_header_size + page_size);
}

// The header of a log, from the file's first bytes. Nothing for a legal empty log: shorter than 32 bytes, or 32 zero bytes. corrupt
// (subject::database) for anything else that does not validate: magic, version, page size, header checksum (A2).
io::result<std::optional<header>> decode_header(io::byte_view file_start);

// The bytes of a header, as they were in its log: header_size of them from `at`.
void encode_header(const header& h, std::uint8_t* at);

// Precondition: frame_header_size bytes. Nothing is validated here; the scanner does.
frame_header decode_frame_header(const std::uint8_t* at);

}  // namespace wal
