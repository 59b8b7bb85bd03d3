#include "io/bytes.h"

#include <gtest/gtest.h>

#include <limits>

namespace {

io::bytes of(std::initializer_list<int> values) {
    io::bytes out;
    for (const int v : values) out.push_back(static_cast<std::uint8_t>(v));
    return out;
}

TEST(bytes, big_endian_both_ways) {
    io::bytes out;
    io::append_big<std::uint8_t>(out, 0xfe);
    io::append_big<std::uint16_t>(out, 0x0102);
    io::append_big<std::uint32_t>(out, 0xdeadbeef);
    io::append_big<std::uint64_t>(out, 0x0123456789abcdefULL);
    EXPECT_EQ(out, of({0xfe, 1, 2, 0xde, 0xad, 0xbe, 0xef, 0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef}));
    EXPECT_EQ(io::load_big<std::uint8_t>(out.data()), 0xfe);
    EXPECT_EQ(io::load_big<std::uint16_t>(out.data() + 1), 0x0102);
    EXPECT_EQ(io::load_big<std::uint32_t>(out.data() + 3), 0xdeadbeef);
    EXPECT_EQ(io::load_big<std::uint64_t>(out.data() + 7), 0x0123456789abcdefULL);
}

TEST(bytes, F4_a_reader_never_goes_past_the_end) {
    const io::bytes data = of({1, 2, 3});
    io::byte_reader in(data);
    EXPECT_FALSE(in.big<std::uint32_t>());
    EXPECT_EQ(in.rest().size(), 3U);  // nothing was consumed
    EXPECT_EQ(in.big<std::uint16_t>(), 0x0102);
    EXPECT_FALSE(in.big<std::uint16_t>());
    EXPECT_FALSE(in.take(2));
    EXPECT_FALSE(in.take(std::numeric_limits<std::size_t>::max()));
    ASSERT_TRUE(in.take(1));
    EXPECT_TRUE(in.empty());
    EXPECT_TRUE(in.take(0));
    EXPECT_FALSE(in.big<std::uint8_t>());
    EXPECT_FALSE(in.uvarint());
}

TEST(bytes, taken_bytes_are_the_callers_own) {
    const io::bytes data = of({9, 8, 7});
    io::byte_reader in(data);
    const auto taken = in.take(2);
    ASSERT_TRUE(taken);
    EXPECT_EQ(taken->data(), data.data());
    EXPECT_EQ(in.rest().data(), data.data() + 2);
}

TEST(bytes, uvarint_round_trips_at_every_length) {
    for (unsigned bit = 0; bit < 64; ++bit) {
        for (const std::uint64_t value : {1ULL << bit, (1ULL << bit) - 1, (1ULL << bit) | 1}) {
            io::bytes out;
            io::append_uvarint(out, value);
            EXPECT_LE(out.size(), 10U);
            io::byte_reader in(out);
            EXPECT_EQ(in.uvarint(), value);
            EXPECT_TRUE(in.empty());
        }
    }
    io::bytes most;
    io::append_uvarint(most, std::numeric_limits<std::uint64_t>::max());
    EXPECT_EQ(most, of({0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01}));
}

TEST(bytes, F4_a_uvarint_that_is_cut_or_beyond_64_bits_is_refused) {
    const io::bytes cut = of({0x80, 0x80});
    io::byte_reader in_cut(cut);
    EXPECT_FALSE(in_cut.uvarint());
    EXPECT_EQ(in_cut.rest().size(), 2U);

    const io::bytes bit_64 = of({0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02});
    io::byte_reader in_bit(bit_64);
    EXPECT_FALSE(in_bit.uvarint());

    io::bytes endless(40, 0x80);
    io::byte_reader in_endless(endless);
    EXPECT_FALSE(in_endless.uvarint());
    EXPECT_EQ(in_endless.rest().size(), 40U);

    // Eleven bytes, though their value would fit.
    const io::bytes eleven = of({0x81, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00});
    io::byte_reader in_eleven(eleven);
    EXPECT_FALSE(in_eleven.uvarint());
}

TEST(bytes, text_and_bytes_are_two_views_of_one_thing) {
    const std::string text("a\0b", 3);
    EXPECT_EQ(io::text_of(io::view_of(text)), text);
    io::bytes out = of({1});
    io::append(out, io::view_of("xy"));
    EXPECT_EQ(out, of({1, 'x', 'y'}));
}

}  // namespace
