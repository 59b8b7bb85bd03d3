#include "wal/checksum.h"

#include <array>
#include <bit>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace wal {

namespace {

static_assert(std::endian::native == std::endian::little, "the fast forms load words as the machine has them");

constexpr std::size_t block_words = 128;  // 512 bytes: every page is a whole number of them

// fibonacci[n] for n up to block_words + 1, modulo 2^32; fibonacci[0] = 0, fibonacci[1] = 1.
constexpr auto fibonacci = [] {
    std::array<std::uint32_t, block_words + 2> f{};
    f[1] = 1;
    for (std::size_t i = 2; i < f.size(); ++i) f[i] = f[i - 1] + f[i - 2];
    return f;
}();

// How much word j of a block of n adds to the last value (s1) and to the one before (s0).
template <std::size_t n>
constexpr auto weights = [] {
    struct {
        alignas(32) std::array<std::uint32_t, n> last, previous;
    } w{};
    for (std::size_t j = 0; j < n; ++j) {
        w.last[j] = fibonacci[n - j];
        w.previous[j] = fibonacci[n - j - 1];
    }
    return w;
}();

// What the values before a block of n words add to those after it.
template <std::size_t n>
chain carry(chain c, std::uint32_t previous, std::uint32_t last) {
    return {fibonacci[n - 1] * c.s0 + fibonacci[n] * c.s1 + previous, fibonacci[n] * c.s0 + fibonacci[n + 1] * c.s1 + last};
}

std::uint32_t load(const std::uint8_t* at, bool big_endian) {
    std::uint32_t word = 0;
    std::memcpy(&word, at, sizeof word);
    return big_endian ? __builtin_bswap32(word) : word;
}

}  // namespace

chain extend_as_written(chain c, io::byte_view data, bool big_endian) {
    for (std::size_t i = 0; i + 8 <= data.size(); i += 8) {
        c.s0 += load(data.data() + i, big_endian) + c.s1;
        c.s1 += load(data.data() + i + 4, big_endian) + c.s0;
    }
    return c;
}

chain extend_in_blocks(chain c, io::byte_view data, bool big_endian) {
    constexpr std::size_t words = 16;
    while (data.size() >= words * 4) {
        std::uint32_t last = 0;
        std::uint32_t previous = 0;
        for (std::size_t j = 0; j < words; ++j) {
            const std::uint32_t word = load(data.data() + 4 * j, big_endian);
            last += weights<words>.last[j] * word;
            previous += weights<words>.previous[j] * word;
        }
        c = carry<words>(c, previous, last);
        data = data.subspan(words * 4);
    }
    return extend_as_written(c, data, big_endian);
}

#if defined(__x86_64__)

bool has_avx2() { return __builtin_cpu_supports("avx2") != 0; }

namespace {

__attribute__((target("avx2"))) std::uint32_t sum_of(__m256i v) {
    const __m128i half = _mm_add_epi32(_mm256_castsi256_si128(v), _mm256_extracti128_si256(v, 1));
    const __m128i quarter = _mm_add_epi32(half, _mm_shuffle_epi32(half, 0x4e));
    return static_cast<std::uint32_t>(_mm_cvtsi128_si32(_mm_add_epi32(quarter, _mm_shuffle_epi32(quarter, 0xb1))));
}

template <bool big_endian>
__attribute__((target("avx2"))) chain blocks_with_avx2(chain c, io::byte_view& data) {
    const __m256i swap = _mm256_setr_epi8(3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12, 3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15,
                                          14, 13, 12);
    const auto& w = weights<block_words>;
    while (data.size() >= block_words * 4) {
        __m256i last[2] = {_mm256_setzero_si256(), _mm256_setzero_si256()};
        __m256i previous[2] = {_mm256_setzero_si256(), _mm256_setzero_si256()};
        for (std::size_t j = 0; j < block_words; j += 16) {
            for (std::size_t k = 0; k < 2; ++k) {
                __m256i words = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(data.data() + 4 * (j + 8 * k)));
                if constexpr (big_endian) words = _mm256_shuffle_epi8(words, swap);
                const auto* weight_last = reinterpret_cast<const __m256i*>(w.last.data() + j + 8 * k);
                const auto* weight_previous = reinterpret_cast<const __m256i*>(w.previous.data() + j + 8 * k);
                last[k] = _mm256_add_epi32(last[k], _mm256_mullo_epi32(words, _mm256_load_si256(weight_last)));
                previous[k] = _mm256_add_epi32(previous[k], _mm256_mullo_epi32(words, _mm256_load_si256(weight_previous)));
            }
        }
        c = carry<block_words>(c, sum_of(_mm256_add_epi32(previous[0], previous[1])), sum_of(_mm256_add_epi32(last[0], last[1])));
        data = data.subspan(block_words * 4);
    }
    return c;
}

}  // namespace

chain extend_with_avx2(chain c, io::byte_view data, bool big_endian) {
    c = big_endian ? blocks_with_avx2<true>(c, data) : blocks_with_avx2<false>(c, data);
    return extend_in_blocks(c, data, big_endian);
}

#else

bool has_avx2() { return false; }
chain extend_with_avx2(chain c, io::byte_view data, bool big_endian) { return extend_in_blocks(c, data, big_endian); }

#endif

chain extend(chain from, io::byte_view data, bool big_endian) {
    static const bool fast = has_avx2();
    return fast ? extend_with_avx2(from, data, big_endian) : extend_in_blocks(from, data, big_endian);
}

}  // namespace wal
