// CRC-64/GO-ISO and the checksums built on it. Reflected polynomial 0xD800000000000000, initial value and final exclusive-or all
// ones; "123456789" gives b90956c775a41001. Source: Go's hash/crc64 ISO table, as the LTX specification names it.
#pragma once

#include <cstdint>

#include "io/bytes.h"

namespace ltx {

// A running CRC. Copies are independent.
class crc64 {
public:
    // Uses the fastest form that this processor has.
    void update(io::byte_view data);
    [[nodiscard]] std::uint64_t value() const { return ~state_; }

private:
    std::uint64_t state_ = ~0ULL;
};

// The forms behind crc64, for tests and benchmarks. Each continues the inner state (the complement of a value) over `data`.
[[nodiscard]] std::uint64_t crc64_by_table(std::uint64_t state, io::byte_view data);    // slice-by-16, anywhere
[[nodiscard]] std::uint64_t crc64_by_clmul(std::uint64_t state, io::byte_view data);    // precondition: crc64_has_clmul()
[[nodiscard]] bool crc64_has_clmul();                                                   // x86-64 with PCLMULQDQ and SSE4.1

// The CRC of all of `data`.
[[nodiscard]] std::uint64_t crc64_of(io::byte_view data);

// What one page adds to the database checksum: bit 63 | CRC(page number as u32, page).
[[nodiscard]] std::uint64_t page_checksum(std::uint32_t pgno, io::byte_view page);

// The database checksum is an exclusive-or over the pages but the lock page, with bit 63 set; 0 for no pages at all. So a page is
// replaced by folding its old sum and then its new one; order does not matter.
[[nodiscard]] constexpr std::uint64_t fold(std::uint64_t database, std::uint64_t page) { return (1ULL << 63) | (database ^ page); }

}  // namespace ltx
