// CRC-64 over pages that are hot in the cache: each form, beside memcpy of the same bytes. Usage: bench_crc64
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <functional>
#include <vector>

#include "ltx/checksum.h"

namespace {

volatile std::uint64_t kept = 0;  // so that no result is optimised away

// The best of several rounds, in GB/s.
double speed(std::size_t size, const std::function<std::uint64_t()>& once) {
    const int repeats = static_cast<int>((64U << 20) / size);
    double best = 0;
    for (int round = 0; round < 7; ++round) {
        const auto start = std::chrono::steady_clock::now();
        for (int i = 0; i < repeats; ++i) kept = kept ^ once();
        const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
        best = std::max(best, static_cast<double>(size) * repeats / seconds / 1e9);
    }
    return best;
}

}  // namespace

int main() {
    const auto check = io::view_of("123456789");
    if (ltx::crc64_of(check) != 0xb90956c775a41001ULL) return std::fprintf(stderr, "wrong CRC\n"), 1;
    for (const std::size_t size : {std::size_t{4096}, std::size_t{65536}}) {
        // Half a page apart within their pages: some processors copy very slowly between buffers that are a few bytes apart in that.
        io::bytes data(size), copies(size + 2048);
        std::uint8_t* const copy = copies.data() + 2048;
        std::uint64_t x = 1;
        for (auto& b : data) b = static_cast<std::uint8_t>((x = x * 6364136223846793005ULL + 1) >> 56);
        const std::uint64_t expected = ltx::crc64_by_table(~0ULL, data);
        if (ltx::crc64_has_clmul() && ltx::crc64_by_clmul(~0ULL, data) != expected) return std::fprintf(stderr, "the forms disagree\n"), 1;

        const double copied = speed(size, [&] { return std::memcpy(copy, data.data(), size), copy[data[0]]; });
        const double table = speed(size, [&] { return ltx::crc64_by_table(~0ULL, data); });
        std::printf("%6zu bytes: memcpy %6.1f GB/s, slice-by-16 %5.2f GB/s (%.2f of memcpy)", size, copied, table, table / copied);
        if (ltx::crc64_has_clmul()) {
            const double clmul = speed(size, [&] { return ltx::crc64_by_clmul(~0ULL, data); });
            std::printf(", PCLMULQDQ %5.2f GB/s (%.2f of memcpy, %.1f times the table)", clmul, clmul / copied, clmul / table);
        }
        std::printf("\n");
    }
    return 0;
}
