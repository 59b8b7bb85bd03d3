#include "wal/wal_index.h"

#include <cstring>

#include "wal/checksum.h"

namespace wal {

namespace {

std::uint32_t native(const std::uint8_t* at) {
    std::uint32_t out = 0;
    std::memcpy(&out, at, sizeof out);
    return out;
}

}  // namespace

std::optional<wal_index> parse_wal_index(io::byte_view start) {
    if (start.size() < wal_index_bytes) return std::nullopt;
    const std::uint8_t* at = start.data();
    if (std::memcmp(at, at + wal_index_header_bytes, wal_index_header_bytes) != 0 || at[12] == 0) return std::nullopt;
    const chain sum = extend({}, start.first(40), false);
    if (sum.s0 != native(at + 40) || sum.s1 != native(at + 44)) return std::nullopt;
    wal_index out;
    std::uint16_t size = 0;
    std::memcpy(&size, at + 14, sizeof size);
    out.page_size = (size & 0xfe00U) + ((size & 1U) << 16U);
    out.max_frame = native(at + 16);
    out.page_count = native(at + 20);
    out.salt1 = io::load_big<std::uint32_t>(at + 32);
    out.salt2 = io::load_big<std::uint32_t>(at + 36);
    out.backfilled = native(at + 96);
    return out;
}

}  // namespace wal
