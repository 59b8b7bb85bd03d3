// Page compression: LZ4 blocks, which we write, and LZ4 frames, which Litestream 0.5.0 to 0.5.15 wrote. Sizes in bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "io/bytes.h"
#include "io/error.h"

namespace ltx {

// Compresses pages one after another, reusing LZ4's 16 kB of working state. Movable.
class page_compressor {
public:
    page_compressor();

    // The most that compress() can write for a page of that size.
    [[nodiscard]] static std::size_t bound(std::size_t page_size);

    // Writes one LZ4 block to `out` and returns its size. Precondition: out has bound(page.size()) bytes, page at most 65536.
    [[nodiscard]] std::size_t compress(io::byte_view page, io::byte_span out);

private:
    std::unique_ptr<std::uint64_t[]> state_;
};

// Fills `page` from one LZ4 block. corrupt (subject::integrity) unless the block is well-formed, ends with its input and gives
// exactly page.size() bytes; `page` then holds anything.
[[nodiscard]] io::result<void> decompress_block(io::byte_view block, io::byte_span page);

// What the start of an LZ4 frame says about its extent.
struct frame_extent {
    std::size_t size = 0;      // bytes of the frame, if complete
    bool complete = false;     // otherwise `size` is a lower bound: at least so many bytes are needed to say more
};

// Walks the blocks of an LZ4 frame from its magic to its end mark, without decompressing, so that a stream can collect exactly one
// frame. corrupt (subject::integrity) for another magic, reserved bits, or a block over 4 MiB.
[[nodiscard]] io::result<frame_extent> measure_frame(io::byte_view data);

// Fills `page` from exactly one LZ4 frame, content checksum verified where present. Errors as decompress_block.
[[nodiscard]] io::result<void> decompress_frame(io::byte_view frame, io::byte_span page);

}  // namespace ltx
