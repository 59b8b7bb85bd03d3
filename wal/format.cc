#include "wal/format.h"

#include <fmt/format.h>

#include <algorithm>

namespace wal {

namespace {

io::error bad(std::string_view why) { return {io::errc::corrupt, io::subject::database, fmt::format("log header: {}", why)}; }

}  // namespace

io::result<std::optional<header>> decode_header(io::byte_view data) {
    if (data.size() < header_size) return std::optional<header>();
    data = data.first(header_size);
    if (std::all_of(data.begin(), data.end(), [](std::uint8_t b) { return b == 0; })) return std::optional<header>();
    const auto word = [&data](std::size_t index) { return io::load_big<std::uint32_t>(data.data() + 4 * index); };
    if ((word(0) & ~1U) != magic_little) return bad(fmt::format("magic {:08x}", word(0)));
    if (word(1) != format_version) return bad(fmt::format("version {}", word(1)));
    header out;
    out.big_endian = (word(0) & 1U) != 0;
    out.page_size = word(2);
    if (out.page_size < 512 || out.page_size > 65536 || (out.page_size & (out.page_size - 1)) != 0) {
        return bad(fmt::format("page size {}", out.page_size));
    }
    out.checkpoint_sequence = word(3);
    out.salt1 = word(4);
    out.salt2 = word(5);
    out.running = {word(6), word(7)};
    if (extend({}, data.first(24), out.big_endian) != out.running) return bad("checksum does not match");
    return std::optional(out);
}

void encode_header(const header& h, std::uint8_t* at) {
    const std::uint32_t words[] = {h.big_endian ? magic_big : magic_little, format_version, h.page_size, h.checkpoint_sequence,
                                   h.salt1, h.salt2, h.running.s0, h.running.s1};
    for (const std::uint32_t word : words) {
        io::store_big(at, word);
        at += sizeof word;
    }
}

frame_header decode_frame_header(const std::uint8_t* at) {
    const auto word = [at](std::size_t index) { return io::load_big<std::uint32_t>(at + 4 * index); };
    return {word(0), word(1), word(2), word(3), {word(4), word(5)}};
}

}  // namespace wal
