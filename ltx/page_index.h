// The page index at the end of an LTX file: where each page's frame is, for ranged reads. A reader gets the header (100 bytes), then
// a guess at the tail, asks tail_needed(), gets more if that says so, and parses. Caps and checks: F4, B8.
#pragma once

#include <cstdint>
#include <vector>

#include "io/bytes.h"
#include "io/error.h"
#include "ltx/format.h"

namespace ltx {

struct page_location {
    std::uint32_t pgno = 0;
    std::uint32_t length = 0;      // bytes of the frame, header included
    std::uint64_t offset = 0;      // of the frame in the file
    friend bool operator==(const page_location&, const page_location&) = default;
};

struct page_index {
    std::vector<page_location> pages;    // ascending by page number and by offset, without holes between frames
    ltx::trailer trailer;
};

// The least tail that tail_needed() can work with.
inline constexpr std::uint64_t min_tail_size = index_length_size + trailer_size;

// How many bytes from the end of a file of `file_size` bytes read_page_index() needs. `tail` is the file's end, at least
// min_tail_size of it. corrupt (subject::integrity) if the index cannot be that long in a file of this size or with this header;
// errc::invalid if `tail` is shorter than that or longer than the file.
[[nodiscard]] io::result<std::uint64_t> tail_needed(const header& h, std::uint64_t file_size, io::byte_view tail);

// Parses the index from the file's end (`tail`, at least tail_needed() of it). Errors as tail_needed(); corrupt also for a page
// that is 0, the lock page, beyond the commit or not above the one before, for frames that are not one after another from the
// header to the index, or too short or long to be one, for a snapshot that lacks a page, and for a bad trailer.
// The index is not covered by a checksum of its own: decode_page() checks that a frame is the page it is said to be.
[[nodiscard]] io::result<page_index> read_page_index(const header& h, std::uint64_t file_size, io::byte_view tail);

}  // namespace ltx
