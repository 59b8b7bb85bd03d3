// The cumulative checksum of the log: for each pair of words, s0 += x0 + s1; s1 += x1 + s0 (database file format 4.2). Written as one
// sequence that is t(n) = t(n-1) + t(n-2) + x(n), so a block of words adds to it a sum weighted with Fibonacci numbers, modulo 2^32:
// that is what the fast forms compute.
#pragma once

#include <cstdint>

#include "io/bytes.h"

namespace wal {

struct chain {
    std::uint32_t s0 = 0;
    std::uint32_t s1 = 0;
    friend bool operator==(const chain&, const chain&) = default;
};

// Continues the chain over `data`, whose size is a multiple of 8 bytes, with the fastest form that this processor has.
chain extend(chain from, io::byte_view data, bool big_endian);

// The forms behind it, for tests and benchmarks.
chain extend_as_written(chain from, io::byte_view data, bool big_endian);
chain extend_in_blocks(chain from, io::byte_view data, bool big_endian);
chain extend_with_avx2(chain from, io::byte_view data, bool big_endian);  // precondition: has_avx2()
bool has_avx2();

}  // namespace wal
