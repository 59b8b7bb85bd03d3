#include "ltx/file_name.h"

#include <gtest/gtest.h>

#include "tests/support/ltx_files.h"

namespace {

TEST(file_name, F12_lexical_order_is_numeric_order_beyond_32_bits) {
    const std::uint64_t numbers[] = {1, 9, 10, 255, 256, 0xffffffff, 0x100000000, 0xfffffffffffffffe, 0xffffffffffffffff};
    for (std::size_t i = 0; i < std::size(numbers); ++i) {
        EXPECT_EQ(ltx::hex16(numbers[i]).size(), 16U);
        EXPECT_EQ(ltx::parse_hex16(ltx::hex16(numbers[i])), numbers[i]);
        EXPECT_EQ(ltx::parse_name(ltx::format_name(numbers[i], numbers[i])), (ltx::txid_range{numbers[i], numbers[i]}));
        if (i == 0) continue;
        EXPECT_LT(ltx::hex16(numbers[i - 1]), ltx::hex16(numbers[i]));
        EXPECT_LT(ltx::format_name(1, numbers[i - 1]), ltx::format_name(1, numbers[i]));
    }
}

TEST(file_name, has_the_form_that_litestream_lists) {
    EXPECT_EQ(ltx::format_name(1, 0xabcdef), "0000000000000001-0000000000abcdef.ltx");
    EXPECT_EQ(ltx::parse_name("0000000000000002-00000000000000ff.ltx"), (ltx::txid_range{2, 255}));
}

TEST(file_name, anything_else_is_not_a_name) {
    for (const char* name : {"", "0000000000000001-0000000000000002", "0000000000000001-0000000000000002.ltx.tmp", "0000000000000001-000000000000000A.ltx",
                             "0000000000000001_0000000000000002.ltx", "000000000000001-00000000000000002.ltx", "0000000000000000-0000000000000002.ltx",
                             "0000000000000003-0000000000000002.ltx", "+000000000000001-0000000000000002.ltx", " 000000000000001-0000000000000002.ltx"})
        EXPECT_FALSE(ltx::parse_name(name)) << name;
}

TEST(file_name, F15_a_snapshot_is_the_same_by_name_and_by_header) {
    for (const auto& [min, max] : {std::pair{1, 1}, {1, 9}, {2, 2}, {2, 9}}) {
        const auto h = tests::make_header(512, 1, static_cast<std::uint64_t>(min), static_cast<std::uint64_t>(max));
        EXPECT_EQ(ltx::is_snapshot(h), min == 1);
        EXPECT_EQ(ltx::is_snapshot(*ltx::parse_name(ltx::format_name(h.min_txid, h.max_txid))), min == 1);
    }
}

TEST(file_name, B13_B14_a_file_under_another_name_is_corrupt) {
    const auto h = tests::make_header(512, 1, 4, 7);
    EXPECT_TRUE(ltx::check_name({4, 7}, h));
    for (const ltx::txid_range named : {ltx::txid_range{4, 8}, {5, 7}, {1, 7}}) {
        const auto refused = ltx::check_name(named, h);
        ASSERT_FALSE(refused);
        EXPECT_EQ(refused.error().code, io::errc::corrupt);
        EXPECT_EQ(refused.error().about, io::subject::integrity);
    }
}

}  // namespace
