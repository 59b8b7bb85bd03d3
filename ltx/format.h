// The fixed parts of an LTX file, format 3: header, trailer, limits. All integers are big-endian. ltx/README.md has the layout and a
// worked example. Source: the LTX specification, and what Litestream 0.5.17 accepts (run against it).
// A file says how to bring a database from TXID min-1 to TXID max: the pages that changed, each whole, and the new size.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "io/bytes.h"
#include "io/error.h"

namespace ltx {

inline constexpr std::size_t header_size = 100;
inline constexpr std::size_t trailer_size = 16;
inline constexpr std::size_t frame_header_size = 6;   // page number u32, flags u16; six zero bytes end the pages
inline constexpr std::size_t frame_size_field = 4;    // follows the frame header of an LZ4 block
inline constexpr std::size_t index_length_size = 8;   // the u64 that ends the page index, not counted in its own value

inline constexpr std::uint32_t min_page_size = 512;
inline constexpr std::uint32_t max_page_size = 65536;

inline constexpr std::uint32_t flag_no_checksum = 0x2;     // header: no database checksums in the file's own fields
inline constexpr std::uint16_t page_flag_block = 0x1;      // frame: size field and LZ4 block; without it a bare LZ4 frame
inline constexpr std::uint64_t checksum_flag = 1ULL << 63;  // set in every checksum that is present

// Checksums of the whole database (ltx/checksum.h) before the file's min TXID and after its max TXID. `pre` is 0 in a snapshot.
// Written by us into the header's reserved bytes: stock Litestream refuses files that carry them in the format's own fields.
struct database_sums {
    std::uint64_t pre = 0;
    std::uint64_t post = 0;
    friend bool operator==(const database_sums&, const database_sums&) = default;
};

struct txid_range {
    std::uint64_t min = 0;
    std::uint64_t max = 0;
    friend auto operator<=>(const txid_range&, const txid_range&) = default;
};

struct header {
    std::uint32_t flags = flag_no_checksum;
    std::uint32_t page_size = 0;      // bytes
    std::uint32_t commit = 0;         // pages in the database after this file
    std::uint64_t min_txid = 0;
    std::uint64_t max_txid = 0;
    std::int64_t timestamp_ms = 0;    // since 1970, UTC
    std::uint64_t pre_apply = 0;      // as in the file: the native checksum, 0 with flag_no_checksum
    std::int64_t wal_offset = 0;
    std::int64_t wal_size = 0;
    std::uint32_t salt1 = 0;
    std::uint32_t salt2 = 0;
    std::uint64_t node_id = 0;        // our writers put their epoch here
    std::optional<database_sums> sums;
    friend bool operator==(const header&, const header&) = default;

    [[nodiscard]] txid_range range() const { return {min_txid, max_txid}; }
    [[nodiscard]] bool native_checksums() const { return (flags & flag_no_checksum) == 0; }
};

struct trailer {
    std::uint64_t post_apply = 0;     // as in the file: the native checksum, 0 with flag_no_checksum
    std::uint64_t file_checksum = 0;
    friend bool operator==(const trailer&, const trailer&) = default;
};

// What a snapshot is, said in this one place (F15): a file that starts at TXID 1 and so holds every page but the lock page.
[[nodiscard]] constexpr bool is_snapshot(const txid_range& range) { return range.min == 1; }
[[nodiscard]] constexpr bool is_snapshot(const header& h) { return is_snapshot(txid_range{h.min_txid, h.max_txid}); }

// A power of two from 512 to 65536 (SQLite file format 1.3.2).
[[nodiscard]] constexpr bool valid_page_size(std::uint64_t size) {
    return size >= min_page_size && size <= max_page_size && (size & (size - 1)) == 0;
}

// The page over byte 0x40000000, which SQLite never uses (file format 1.5): never in a file, zeros in an image, in no checksum.
// Precondition: a valid page size.
[[nodiscard]] constexpr std::uint32_t lock_page(std::uint32_t page_size) { return 0x40000000U / page_size + 1; }

// How many of the pages first..last an image holds, the lock page left out. 0 if first > last. Precondition: first >= 1.
[[nodiscard]] std::uint64_t count_pages(std::uint32_t page_size, std::uint32_t first, std::uint32_t last);

// Caps to hold sizes against before anything is allocated (B8): bytes of one frame with its header, of the page index with its
// length field, of a file with `pages` pages. Precondition: a valid page size. They do not overflow.
[[nodiscard]] std::uint64_t max_frame_size(std::uint32_t page_size);
[[nodiscard]] std::uint64_t max_index_size(std::uint64_t pages);
[[nodiscard]] std::uint64_t max_file_size(std::uint32_t page_size, std::uint64_t pages);

// header_size bytes, or errc::invalid (subject::integrity) if `h` breaks a rule that decode_header checks.
[[nodiscard]] io::result<io::bytes> encode_header(const header& h);

// Reads the first header_size bytes of `data`; more is ignored. Reserved bytes without our tag leave `sums` empty.
// Errors, all subject::integrity: corrupt for fewer bytes, another magic, a bad page size, TXIDs (min >= 1, max >= min), WAL fields
// or checksum fields that contradict each other or the flags; unsupported for other flags or another version of the format.
[[nodiscard]] io::result<header> decode_header(io::byte_view data);

// The database checksum before and after a file, wherever the file carries it (its own fields or our reserved bytes); nothing if
// it carries none. A snapshot starts from nothing: pre is 0.
[[nodiscard]] std::optional<std::uint64_t> pre_checksum(const header& h);
[[nodiscard]] std::optional<std::uint64_t> post_checksum(const header& h, const trailer& t);

// Reads exactly trailer_size bytes. corrupt (subject::integrity) for another length, a file checksum without bit 63, or a
// post-apply field that contradicts the header's flags.
[[nodiscard]] io::result<trailer> decode_trailer(io::byte_view data, const header& h);

// An error about the contents of a file: subject::integrity.
[[nodiscard]] io::error bad_content(io::errc code, std::string context);

}  // namespace ltx
