// Reads an LTX file that arrives in chunks of any size. Nothing in it is trusted (F4): every size is checked before use, and memory
// stays below a few pages whatever the file claims. Pages are handed out before the file checksum was seen: what must not be
// touched by a bad file waits for finish() (F13).
#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "io/bytes.h"
#include "io/error.h"
#include "ltx/checksum.h"
#include "ltx/format.h"

namespace ltx {

// Called once for each page, ascending. The bytes are valid during the call. An error stops the decoder and is returned as it is.
using page_sink = std::function<io::result<void>(std::uint32_t pgno, io::byte_view page)>;

struct page {
    std::uint32_t pgno = 0;
    io::byte_view bytes;
};

struct file_summary {
    ltx::header header;
    ltx::trailer trailer;
    std::uint64_t page_count = 0;
    std::uint64_t size = 0;                              // bytes of the file
    std::optional<std::uint64_t> database_checksum;      // of the pages, in snapshots only
};

class decoder {
public:
    // Takes the next chunk, of any size. Errors, all subject::integrity: as decode_header; corrupt for a page that is 0, the lock
    // page, beyond the commit or not above the one before, a frame that does not give exactly one page, a snapshot that lacks a
    // page, an index that disagrees with the frames, a wrong file checksum, in snapshots a wrong database checksum (native or
    // ours), or bytes after the trailer; unsupported for page flags we do not know; the sink's own. After an error every call returns
    // an error.
    [[nodiscard]] io::result<void> feed(io::byte_view chunk, const page_sink& sink);

    // The same, one page at a time: consumes from the front of `chunk`, and returns when a page is complete (its bytes are valid
    // until the next call) or, with nothing, when `chunk` is used up.
    [[nodiscard]] io::result<std::optional<page>> next(io::byte_view& chunk);

    // Says that the file ended. corrupt (subject::integrity) if it is truncated, or after an error.
    [[nodiscard]] io::result<file_summary> finish();

    // Once its 100 bytes were seen and are valid; null before. Owned by the decoder.
    [[nodiscard]] const ltx::header* head() const { return state_ == state::header || failed_ ? nullptr : &summary_.header; }

private:
    enum class state { header, frame_header, block_size, block, frame, index, trailer, done };

    // An item is what must be seen whole before the decoder goes on: a header, a size, a frame's payload, the trailer.
    io::result<std::optional<page>> advance(io::byte_view& chunk);
    bool collect(io::byte_view& chunk);
    void expect(state next_state, std::size_t size);
    io::result<void> on_field();
    io::result<void> on_header();
    io::result<void> on_frame_header();
    io::result<void> on_block_size();
    io::result<std::optional<page>> on_payload();
    io::result<void> on_pages_end();
    bool skip_index(io::byte_view& chunk);
    io::result<void> on_trailer();

    state state_ = state::header;
    bool failed_ = false;
    io::bytes held_;                      // the part of the current item that earlier chunks brought
    io::byte_view item_;                  // the current item once complete, in held_ or in the chunk
    std::size_t wanted_ = header_size;    // bytes of the current item
    std::uint64_t offset_ = 0;            // of the current item in the file
    std::uint32_t pgno_ = 0;              // the current page
    std::uint64_t frame_start_ = 0;
    io::bytes page_;
    crc64 file_crc_;
    crc64 expected_index_;                // of the index that the frames call for, so that it need not be kept
    crc64 actual_index_;
    std::uint64_t index_size_ = 0;        // of the expected index
    std::uint64_t index_left_ = 0;
    file_summary summary_;
};

// Decodes one frame that a ranged read brought, header included (its extent is a page_location). Fills `out`, which has page_size
// bytes. corrupt (subject::integrity) if it is not the frame of `expected_pgno` or does not give exactly one page; unsupported for
// unknown page flags. The file checksum is not checked here: verify the database checksum of what is built from such pages.
[[nodiscard]] io::result<void> decode_page(io::byte_view frame, std::uint32_t page_size, std::uint32_t expected_pgno, io::byte_span out);

}  // namespace ltx
