#include "wal/format.h"

#include <gtest/gtest.h>

#include "tests/wal/made_log.h"
#include "wal/position.h"

namespace {

// The header with one word changed and its checksum made right again.
io::bytes with_word(std::size_t index, std::uint32_t value, bool big = false) {
    io::bytes out = tests::made_log(4096, big).bytes;
    const auto put = [&out](std::size_t at, std::uint32_t word) { io::store_big(out.data() + 4 * at, word); };
    put(index, value);
    const bool order = (io::load_big<std::uint32_t>(out.data()) & 1U) != 0;
    const wal::chain sum = wal::extend_as_written({}, io::byte_view(out).first(24), order);
    put(6, sum.s0);
    put(7, sum.s1);
    return out;
}

TEST(format, A1_header_of_either_byte_order) {
    for (const bool big : {false, true}) {
        const tests::made_log log(4096, big, 17, 18);
        const auto head = wal::decode_header(log.bytes);
        ASSERT_TRUE(head.has_value() && head->has_value());
        EXPECT_EQ((*head)->big_endian, big);
        EXPECT_EQ((*head)->page_size, 4096U);
        EXPECT_EQ((*head)->salt1, 17U);
        EXPECT_EQ((*head)->salt2, 18U);
        EXPECT_EQ((*head)->running, (wal::chain{log.s0, log.s1}));
        EXPECT_TRUE(wal::same_generation(wal::start_of(**head), **head));
    }
}

TEST(format, A2_a_header_that_does_not_validate_is_an_error) {
    const std::pair<std::size_t, std::uint32_t> bad[] = {{0, 0x377f0680}, {0, 0}, {1, 3007001}, {2, 0}, {2, 256}, {2, 4095}, {2, 131072}, {2, 3 << 9}};
    for (const auto& [index, value] : bad) {
        const auto head = wal::decode_header(with_word(index, value));
        ASSERT_FALSE(head.has_value()) << index << " " << value;
        EXPECT_EQ(head.error().code, io::errc::corrupt);
        EXPECT_EQ(head.error().about, io::subject::database);
    }
    EXPECT_TRUE(wal::decode_header(with_word(2, 512)).has_value());
    EXPECT_TRUE(wal::decode_header(with_word(2, 65536)).has_value());
}

TEST(format, A2_every_flipped_bit_of_a_header_is_an_error) {
    for (const bool big : {false, true}) {
        const io::bytes good = tests::made_log(4096, big).bytes;
        for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
            io::bytes damaged = good;
            damaged[bit / 8] = static_cast<std::uint8_t>(damaged[bit / 8] ^ (1U << (bit % 8)));
            EXPECT_FALSE(wal::decode_header(damaged).has_value()) << bit;
        }
    }
}

TEST(format, a_short_or_zero_file_is_a_legal_empty_log) {
    const io::bytes good = tests::made_log().bytes;
    for (std::size_t size = 0; size < wal::header_size; ++size) {
        const auto head = wal::decode_header(io::byte_view(good).first(size));
        ASSERT_TRUE(head.has_value());
        EXPECT_FALSE(head->has_value());
    }
    const auto zeros = wal::decode_header(io::bytes(100, 0));
    ASSERT_TRUE(zeros.has_value());
    EXPECT_FALSE(zeros->has_value());
}

TEST(format, A5_positions_of_different_generations_differ) {
    const auto head_of = [](const tests::made_log& log) { return **wal::decode_header(log.bytes); };
    const wal::position p = wal::start_of(head_of(tests::made_log(512, false, 1, 2)));
    EXPECT_FALSE(wal::same_generation(p, head_of(tests::made_log(512, false, 2, 2))));
    EXPECT_FALSE(wal::same_generation(p, head_of(tests::made_log(512, false, 1, 3))));
    EXPECT_FALSE(wal::same_generation(p, head_of(tests::made_log(1024, false, 1, 2))));
    EXPECT_FALSE(wal::same_generation(p, head_of(tests::made_log(512, true, 1, 2))));
    EXPECT_EQ(wal::frame_offset(1, 512), 32U);
    EXPECT_EQ(wal::frame_offset(4294967295U, 65536), 32U + 4294967294ULL * 65560U);
}

}  // namespace
