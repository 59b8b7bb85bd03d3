#include "ltx/checksum.h"

#include <array>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace ltx {
namespace {

// Numbers here are polynomials over GF(2) with the highest power in the lowest bit ("reflected").
constexpr std::uint64_t polynomial = 0xD800000000000000ULL;

constexpr std::uint64_t times_x(std::uint64_t a) { return (a >> 1) ^ ((a & 1) != 0 ? polynomial : 0); }

using tables = std::array<std::array<std::uint64_t, 256>, 16>;

// tables[k][b]: what byte b, followed by k zero bytes, does to the state.
constexpr tables make_tables() {
    tables t{};
    for (std::size_t b = 0; b < 256; ++b) {
        std::uint64_t state = b;
        for (int bit = 0; bit < 8; ++bit) state = times_x(state);
        t[0][b] = state;
    }
    for (std::size_t k = 1; k < t.size(); ++k)
        for (std::size_t b = 0; b < 256; ++b) t[k][b] = (t[k - 1][b] >> 8) ^ t[0][t[k - 1][b] & 0xff];
    return t;
}

constexpr tables table = make_tables();

std::uint64_t load_little(const std::uint8_t* at) {
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < 8; ++i) value |= std::uint64_t{at[i]} << (8 * i);
    return value;
}

// The effect of 8 bytes that `after` more bytes follow.
std::uint64_t eight(std::uint64_t word, std::size_t after) {
    std::uint64_t out = 0;
    for (std::size_t i = 0; i < 8; ++i) out ^= table[after + 7 - i][(word >> (8 * i)) & 0xff];
    return out;
}

#if defined(__x86_64__)

constexpr std::uint64_t power_of_x(unsigned n) {
    std::uint64_t value = 1ULL << 63;
    while (n-- > 0) value = times_x(value);
    return value;
}

// Moving a 128-bit remainder H * x^64 + L ahead by D bits multiplies H by x^(64+D) and L by x^D. A carry-less product of two reflected
// numbers comes out one power of x too high, hence the - 1.
struct fold_constants {
    std::uint64_t high, low;
};
constexpr fold_constants fold_by(unsigned bits) { return {power_of_x(64 + bits - 1), power_of_x(bits - 1)}; }
constexpr fold_constants by_512 = fold_by(512), by_128 = fold_by(128);

__attribute__((target("pclmul,sse4.1"))) inline __m128i load(const std::uint8_t* at) {
    return _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
}

__attribute__((target("pclmul,sse4.1"))) inline __m128i ahead(__m128i remainder, __m128i constants, __m128i next) {
    const __m128i high = _mm_clmulepi64_si128(remainder, constants, 0x00);
    const __m128i low = _mm_clmulepi64_si128(remainder, constants, 0x11);
    return _mm_xor_si128(_mm_xor_si128(high, low), next);
}

__attribute__((target("pclmul,sse4.1"))) inline __m128i constants_of(fold_constants c) {
    return _mm_set_epi64x(static_cast<long long>(c.low), static_cast<long long>(c.high));
}

#endif

using form = std::uint64_t (*)(std::uint64_t, io::byte_view);

}  // namespace

std::uint64_t crc64_by_table(std::uint64_t state, io::byte_view data) {
    const std::uint8_t* at = data.data();
    std::size_t left = data.size();
    for (; left >= 16; at += 16, left -= 16) state = eight(state ^ load_little(at), 8) ^ eight(load_little(at + 8), 0);
    for (; left > 0; ++at, --left) state = (state >> 8) ^ table[0][(state ^ *at) & 0xff];
    return state;
}

#if defined(__x86_64__)

bool crc64_has_clmul() { return __builtin_cpu_supports("pclmul") && __builtin_cpu_supports("sse4.1"); }

__attribute__((target("pclmul,sse4.1"))) std::uint64_t crc64_by_clmul(std::uint64_t state, io::byte_view data) {
    if (data.size() < 64) return crc64_by_table(state, data);
    const std::uint8_t* at = data.data();
    std::size_t left = data.size() - 64;
    // Four remainders side by side hide the latency of the multiplication.
    __m128i a = _mm_xor_si128(load(at), _mm_set_epi64x(0, static_cast<long long>(state)));
    __m128i b = load(at + 16), c = load(at + 32), d = load(at + 48);
    at += 64;
    const __m128i far = constants_of(by_512), near = constants_of(by_128);
    for (; left >= 64; at += 64, left -= 64) {
        a = ahead(a, far, load(at));
        b = ahead(b, far, load(at + 16));
        c = ahead(c, far, load(at + 32));
        d = ahead(d, far, load(at + 48));
    }
    __m128i remainder = ahead(ahead(ahead(a, near, b), near, c), near, d);
    for (; left >= 16; at += 16, left -= 16) remainder = ahead(remainder, near, load(at));
    // The remainder is congruent to all that was read, so it stands for it as 16 bytes from state 0.
    std::array<std::uint8_t, 16> stand_in;
    _mm_storeu_si128(reinterpret_cast<__m128i*>(stand_in.data()), remainder);
    return crc64_by_table(crc64_by_table(0, stand_in), io::byte_view(at, left));
}

#else

bool crc64_has_clmul() { return false; }
std::uint64_t crc64_by_clmul(std::uint64_t state, io::byte_view data) { return crc64_by_table(state, data); }

#endif

void crc64::update(io::byte_view data) {
    static const form fastest = crc64_has_clmul() ? crc64_by_clmul : crc64_by_table;
    state_ = fastest(state_, data);
}

std::uint64_t crc64_of(io::byte_view data) {
    crc64 crc;
    crc.update(data);
    return crc.value();
}

std::uint64_t page_checksum(std::uint32_t pgno, io::byte_view page) {
    std::array<std::uint8_t, 4> number;
    io::store_big(number.data(), pgno);
    crc64 crc;
    crc.update(number);
    crc.update(page);
    return (1ULL << 63) | crc.value();
}

}  // namespace ltx
