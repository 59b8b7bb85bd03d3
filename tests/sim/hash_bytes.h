// A hash of bytes that is the same on every machine. Not for anybody's security.
#pragma once

#include <cstdint>

#include "io/bytes.h"

namespace sim {

// Eight bytes at a time: a run hashes every object that is confirmed, several times.
inline std::uint64_t hash_bytes(io::byte_view data) {
    constexpr std::uint64_t factor = 0x9e3779b97f4a7c15ULL;
    std::uint64_t sum = data.size() * factor;
    std::size_t at = 0;
    for (; at + 8 <= data.size(); at += 8) {
        sum = (sum ^ io::load_big<std::uint64_t>(data.data() + at)) * factor;
        sum ^= sum >> 29U;
    }
    for (; at < data.size(); ++at) sum = (sum ^ data[at]) * 0x100000001b3ULL;
    return sum ^ (sum >> 32U);
}

}  // namespace sim
