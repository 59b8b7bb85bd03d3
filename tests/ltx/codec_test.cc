#include "ltx/codec.h"

#include <gtest/gtest.h>

#include "tests/support/ltx_files.h"

namespace {

TEST(codec, a_page_of_every_size_comes_back_from_a_block_and_from_a_frame) {
    for (std::uint32_t size = 512; size <= 65536; size *= 2) {
        const io::bytes page = tests::make_page(size, 3, size);
        io::bytes back(size);
        const auto block = tests::block_frame(3, page).payload;
        ASSERT_TRUE(ltx::decompress_block(io::byte_view(block).subspan(4), back));
        EXPECT_EQ(back, page);
        back.assign(size, 0);
        const auto frame = tests::lz4_frame(3, page).payload;
        ASSERT_TRUE(ltx::decompress_frame(frame, back));
        EXPECT_EQ(back, page);
        const auto extent = ltx::measure_frame(frame);
        ASSERT_TRUE(extent);
        EXPECT_TRUE(extent->complete);
        EXPECT_EQ(extent->size, frame.size());
    }
}

TEST(codec, F4_a_payload_that_is_not_exactly_one_page_is_corrupt) {
    const io::bytes page = tests::make_page(4096, 3, 1);
    const auto block = tests::block_frame(3, page).payload;
    const auto frame = tests::lz4_frame(3, page).payload;
    for (const std::size_t size : {512, 2048, 4095, 4097, 8192}) {
        io::bytes out(size);
        EXPECT_FALSE(ltx::decompress_block(io::byte_view(block).subspan(4), out)) << size;
        EXPECT_FALSE(ltx::decompress_frame(frame, out)) << size;
    }
    io::bytes out(4096);
    for (std::size_t cut = 0; cut + 1 < frame.size(); cut += 7) EXPECT_FALSE(ltx::decompress_frame(io::byte_view(frame).first(cut), out)) << cut;
    io::bytes longer = frame;
    longer.push_back(0);
    EXPECT_FALSE(ltx::decompress_frame(longer, out));
    io::bytes damaged = frame;
    damaged.back() ^= 1;  // the content checksum
    const auto refused = ltx::decompress_frame(damaged, out);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, io::errc::corrupt);
    EXPECT_EQ(refused.error().about, io::subject::integrity);
}

TEST(codec, a_frame_is_measured_from_any_part_of_it) {
    const auto frame = tests::lz4_frame(3, tests::make_page(4096, 3, 1)).payload;
    for (std::size_t cut = 0; cut < frame.size(); ++cut) {
        const auto extent = ltx::measure_frame(io::byte_view(frame).first(cut));
        ASSERT_TRUE(extent) << cut;
        EXPECT_FALSE(extent->complete) << cut;
        EXPECT_GT(extent->size, cut);
        EXPECT_LE(extent->size, frame.size());
    }
    io::bytes other = frame;
    other[0] ^= 1;
    EXPECT_FALSE(ltx::measure_frame(other));
}

TEST(codec, B8_a_frame_of_endless_empty_blocks_is_refused) {
    io::bytes frame = {0x04, 0x22, 0x4d, 0x18, 0x60, 0x40, 0x00};
    for (int i = 0; i < 1000; ++i) io::append(frame, io::bytes{0, 0, 0, 0x80});
    EXPECT_FALSE(ltx::measure_frame(frame));
}

}  // namespace
