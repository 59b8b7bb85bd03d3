#include "wal/checksum.h"

#include <gtest/gtest.h>

#include <random>

#include "tests/wal/made_log.h"

namespace {

io::bytes random_bytes(std::mt19937& dice, std::size_t size) {
    io::bytes out(size);
    for (auto& b : out) b = static_cast<std::uint8_t>(dice());
    return out;
}

TEST(checksum, A1_by_hand_in_both_byte_orders) {
    const io::bytes data{1, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 4};
    // little: words 1, 2, 0x03000000, 0x04000000
    std::uint32_t s0 = 1, s1 = 2 + 1;
    s0 += 0x03000000U + s1;
    s1 += 0x04000000U + s0;
    EXPECT_EQ(wal::extend({}, data, false), (wal::chain{s0, s1}));
    // big: words 0x01000000, 0x02000000, 3, 4
    s0 = 0x01000000U;
    s1 = 0x02000000U + s0;
    s0 += 3 + s1;
    s1 += 4 + s0;
    EXPECT_EQ(wal::extend({}, data, true), (wal::chain{s0, s1}));
}

TEST(checksum, F2_all_forms_agree_whatever_the_size_start_and_order) {
    std::mt19937 dice(1);
    const bool avx2 = wal::has_avx2();
    std::vector<std::size_t> sizes;
    for (std::size_t size = 0; size <= 2100; size += 8) sizes.push_back(size);
    for (std::size_t size = 4096; size <= 65536; size *= 2) sizes.push_back(size);
    for (const std::size_t size : sizes) {
        const io::bytes data = random_bytes(dice, size + 1);
        const io::byte_view unaligned = io::byte_view(data).subspan(1);
        const wal::chain from{static_cast<std::uint32_t>(dice()), static_cast<std::uint32_t>(dice())};
        for (const bool big : {false, true}) {
            const wal::chain written = wal::extend_as_written(from, unaligned, big);
            ASSERT_EQ(wal::extend_in_blocks(from, unaligned, big), written) << size;
            if (avx2) { ASSERT_EQ(wal::extend_with_avx2(from, unaligned, big), written) << size; }
            ASSERT_EQ(wal::extend(from, unaligned, big), written) << size;
        }
    }
}

TEST(checksum, F2_may_be_continued_anywhere) {
    std::mt19937 dice(2);
    const io::bytes data = random_bytes(dice, 8192);
    for (const bool big : {false, true}) {
        const wal::chain whole = wal::extend({7, 9}, data, big);
        for (std::size_t cut = 0; cut <= data.size(); cut += 8 * (1 + dice() % 60)) {
            const wal::chain half = wal::extend({7, 9}, io::byte_view(data).first(cut), big);
            ASSERT_EQ(wal::extend(half, io::byte_view(data).subspan(cut), big), whole) << cut;
        }
    }
}

// The made-up logs of the other tests sum by the specification's words; so the product must read them.
TEST(checksum, F2_agrees_with_the_test_logs) {
    for (const bool big : {false, true}) {
        const tests::made_log log(512, big);
        EXPECT_EQ(wal::extend({}, io::byte_view(log.bytes).first(24), big), (wal::chain{log.s0, log.s1}));
    }
}

}  // namespace
