// Where a reader stands in a log: a generation (its salts) and a place in it (A5). With the running checksum, so that reading goes on
// without reading again what was read (F2).
#pragma once

#include <cstdint>

#include "wal/checksum.h"
#include "wal/format.h"

namespace wal {

struct position {
    std::uint32_t salt1 = 0;
    std::uint32_t salt2 = 0;
    std::uint32_t page_size = 0;  // bytes; 0: no position
    bool big_endian = false;
    std::uint64_t offset = 0;     // of the next frame, bytes from the start of the file
    chain running;                // checksum up to there
    friend bool operator==(const position&, const position&) = default;
};

// The start of a generation.
inline position start_of(const header& h) { return {h.salt1, h.salt2, h.page_size, h.big_endian, header_size, h.running}; }

inline bool same_generation(const position& p, const header& h) {
    return p.page_size == h.page_size && p.salt1 == h.salt1 && p.salt2 == h.salt2 && p.big_endian == h.big_endian;
}

}  // namespace wal
