#include "ltx/codec.h"

#include <lz4.h>
#include <lz4frame.h>

#include "ltx/format.h"

namespace ltx {
namespace {

constexpr int acceleration = 1;  // LZ4's default: the best ratio of its fast form

// LZ4 frame format 1.6.1, "Frame Descriptor" and "Data Blocks". Its integers are little-endian.
constexpr std::size_t frame_magic_size = 4;
constexpr std::uint32_t frame_magic = 0x184D2204;
constexpr std::uint8_t version_mask = 0xC0, version_1 = 0x40, block_checksum_flag = 0x10, content_size_flag = 0x08, content_checksum_flag = 0x04,
                       reserved_flag = 0x02, dictionary_flag = 0x01;
constexpr std::uint32_t stored_block_flag = 0x80000000U;
constexpr std::uint32_t max_block_size = 4U << 20;
// A page is one block, or a few if its writer flushed. A limit, so that measuring again with every chunk stays cheap.
constexpr int max_blocks = 64;

std::uint32_t load_little(io::byte_view data) {
    return std::uint32_t{data[0]} | std::uint32_t{data[1]} << 8 | std::uint32_t{data[2]} << 16 | std::uint32_t{data[3]} << 24;
}

io::error bad_page(const char* why) { return bad_content(io::errc::corrupt, why); }

struct context_deleter {
    void operator()(LZ4F_dctx* context) const { LZ4F_freeDecompressionContext(context); }
};

}  // namespace

page_compressor::page_compressor()
    : state_(new std::uint64_t[(static_cast<std::size_t>(LZ4_sizeofState()) + sizeof(std::uint64_t) - 1) / sizeof(std::uint64_t)]) {}

std::size_t page_compressor::bound(std::size_t page_size) { return static_cast<std::size_t>(LZ4_compressBound(static_cast<int>(page_size))); }

std::size_t page_compressor::compress(io::byte_view page, io::byte_span out) {
    const int size = LZ4_compress_fast_extState(state_.get(), reinterpret_cast<const char*>(page.data()), reinterpret_cast<char*>(out.data()),
                                                static_cast<int>(page.size()), static_cast<int>(out.size()), acceleration);
    return static_cast<std::size_t>(size);
}

io::result<void> decompress_block(io::byte_view block, io::byte_span page) {
    if (block.size() > static_cast<std::size_t>(LZ4_compressBound(static_cast<int>(page.size())))) return bad_page("an LZ4 block too large for its page");
    const int size = LZ4_decompress_safe(reinterpret_cast<const char*>(block.data()), reinterpret_cast<char*>(page.data()),
                                         static_cast<int>(block.size()), static_cast<int>(page.size()));
    if (size < 0 || static_cast<std::size_t>(size) != page.size()) return bad_page("an LZ4 block that does not give exactly one page");
    return {};
}

io::result<frame_extent> measure_frame(io::byte_view data) {
    constexpr std::size_t fixed = frame_magic_size + 2;
    if (data.size() < fixed) return frame_extent{fixed, false};
    const std::uint8_t flags = data[frame_magic_size], block_descriptor = data[frame_magic_size + 1];
    if (load_little(data) != frame_magic) return bad_page("not an LZ4 frame");
    if ((flags & version_mask) != version_1 || (flags & (reserved_flag | dictionary_flag)) != 0 || (block_descriptor & 0x8f) != 0)
        return bad_page("an LZ4 frame of an unknown kind");
    std::size_t at = fixed + ((flags & content_size_flag) != 0 ? 8 : 0) + 1;
    for (int blocks = 0; blocks <= max_blocks; ++blocks) {
        if (data.size() < at + 4) return frame_extent{at + 4, false};
        const std::uint32_t size = load_little(data.subspan(at)) & ~stored_block_flag;
        const bool end = load_little(data.subspan(at)) == 0;
        at += 4;
        if (end) {
            at += (flags & content_checksum_flag) != 0 ? 4 : 0;
            return frame_extent{at, data.size() >= at};
        }
        if (size > max_block_size) return bad_page("an LZ4 frame with a block over 4 MiB");
        at += size + ((flags & block_checksum_flag) != 0 ? 4 : 0);
    }
    return bad_page("an LZ4 frame of too many blocks");
}

io::result<void> decompress_frame(io::byte_view frame, io::byte_span page) {
    LZ4F_dctx* raw = nullptr;
    if (LZ4F_isError(LZ4F_createDecompressionContext(&raw, LZ4F_VERSION)) != 0) return bad_page("LZ4 frame: out of memory");
    const std::unique_ptr<LZ4F_dctx, context_deleter> context(raw);
    std::size_t produced = 0, consumed = 0;
    for (;;) {
        std::size_t out = page.size() - produced, in = frame.size() - consumed;
        const std::size_t hint = LZ4F_decompress(context.get(), page.data() + produced, &out, frame.data() + consumed, &in, nullptr);
        if (LZ4F_isError(hint) != 0) return bad_page("a bad LZ4 frame");
        produced += out;
        consumed += in;
        if (hint == 0) break;
        if (out == 0 && in == 0) return bad_page("an LZ4 frame that does not give exactly one page");
    }
    if (produced != page.size() || consumed != frame.size()) return bad_page("an LZ4 frame that does not give exactly one page");
    return {};
}

}  // namespace ltx
