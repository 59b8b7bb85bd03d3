#include "ltx/format.h"

#include <gtest/gtest.h>

#include <functional>

#include "tests/support/ltx_files.h"

namespace {

constexpr std::uint64_t bit63 = ltx::checksum_flag;

TEST(format, a_header_reads_back_whole) {
    ltx::header h = tests::make_header(4096, 77, 5, 0x123456789abcULL);
    h.timestamp_ms = -5;
    h.wal_offset = 32;
    h.wal_size = 4120;
    h.salt1 = 0xdeadbeef;
    h.salt2 = 0x01020304;
    h.node_id = 0xfedcba9876543210ULL;
    h.sums = ltx::database_sums{bit63 | 1, bit63 | 2};
    const auto back = ltx::decode_header(ltx::encode_header(h).value());
    ASSERT_TRUE(back);
    EXPECT_EQ(*back, h);
    EXPECT_EQ(ltx::pre_checksum(h), bit63 | 1);
    EXPECT_EQ(ltx::post_checksum(h, {}), bit63 | 2);
}

TEST(format, our_checksums_leave_the_fields_of_the_format_as_litestream_wants_them) {
    ltx::header h = tests::make_header(4096, 77, 1, 2);
    h.sums = ltx::database_sums{0, bit63 | 0x1122};
    const auto bytes = ltx::encode_header(h).value();
    EXPECT_EQ(io::load_big<std::uint32_t>(&bytes[4]), 2U);
    EXPECT_EQ(io::load_big<std::uint64_t>(&bytes[40]), 0U);
    EXPECT_EQ(io::text_of(io::byte_view(bytes).subspan(80, 4)), "FLTS");
}

TEST(format, a_header_without_our_checksums_has_zeros_there) {
    const auto bytes = ltx::encode_header(tests::make_header(4096, 77, 1, 2)).value();
    for (std::size_t i = 80; i < 100; ++i) EXPECT_EQ(bytes[i], 0);
    EXPECT_FALSE(ltx::decode_header(bytes)->sums);
}

struct bad_header {
    const char* what;
    std::function<void(io::bytes&)> change;
    io::errc code;
};

TEST(format, F4_every_field_of_a_header_is_checked) {
    const auto u32 = [](std::size_t at, std::uint32_t value) { return [=](io::bytes& b) { io::store_big(&b[at], value); }; };
    const auto u64 = [](std::size_t at, std::uint64_t value) { return [=](io::bytes& b) { io::store_big(&b[at], value); }; };
    const auto both = [](auto first, auto second) { return [=](io::bytes& b) { first(b), second(b); }; };
    const bad_header cases[] = {
        {"short", [](io::bytes& b) { b.pop_back(); }, io::errc::corrupt},
        {"magic", u32(0, 0x4c545931), io::errc::corrupt},
        {"version", u32(0, 0x4c545832), io::errc::unsupported},
        {"flags", u32(4, 6), io::errc::unsupported},
        {"flags 1", u32(4, 1), io::errc::unsupported},
        {"page size 0", u32(8, 0), io::errc::corrupt},
        {"page size 256", u32(8, 256), io::errc::corrupt},
        {"page size 5000", u32(8, 5000), io::errc::corrupt},
        {"page size 131072", u32(8, 131072), io::errc::corrupt},
        {"min 0", u64(16, 0), io::errc::corrupt},
        {"max below min", u64(24, 4), io::errc::corrupt},
        {"pre against the flags", u64(40, bit63), io::errc::corrupt},
        {"native without pre", u32(4, 0), io::errc::corrupt},
        {"native, pre without bit 63", both(u32(4, 0), u64(40, 7)), io::errc::corrupt},
        {"native snapshot with pre", both(both(u32(4, 0), u32(80, 0)), both(u64(16, 1), u64(40, bit63))), io::errc::corrupt},
        {"negative WAL offset", u64(48, bit63), io::errc::corrupt},
        {"negative WAL size", both(u64(48, 32), u64(56, bit63)), io::errc::corrupt},
        {"WAL size without offset", u64(56, 1), io::errc::corrupt},
        {"salt 1 without offset", u32(64, 1), io::errc::corrupt},
        {"salt 2 without offset", u32(68, 1), io::errc::corrupt},
        {"our pre without bit 63", u64(84, 1), io::errc::corrupt},
        {"our post without bit 63", u64(92, 1), io::errc::corrupt},
        {"our post 0", u64(92, 0), io::errc::corrupt},
        {"our pre in a snapshot", u64(16, 1), io::errc::corrupt},
    };
    ltx::header h = tests::make_header(4096, 77, 5, 6);
    h.sums = ltx::database_sums{bit63 | 1, bit63 | 2};
    for (const auto& c : cases) {
        io::bytes bytes = ltx::encode_header(h).value();
        c.change(bytes);
        const auto read = ltx::decode_header(bytes);
        ASSERT_FALSE(read) << c.what;
        EXPECT_EQ(read.error().code, c.code) << c.what;
        EXPECT_EQ(read.error().about, io::subject::integrity) << c.what;
    }
}

TEST(format, a_header_that_breaks_a_rule_is_not_written) {
    for (const auto& change : std::vector<std::function<void(ltx::header&)>>{[](auto& h) { h.page_size = 1000; }, [](auto& h) { h.min_txid = 0; },
                                                                             [](auto& h) { h.salt1 = 1; }, [](auto& h) { h.flags = 8; }}) {
        ltx::header h = tests::make_header(4096, 1, 1, 1);
        change(h);
        const auto written = ltx::encode_header(h);
        ASSERT_FALSE(written);
        EXPECT_EQ(written.error().code, io::errc::invalid);
    }
}

TEST(format, the_lock_page_is_the_one_over_byte_2_to_the_30) {
    EXPECT_EQ(ltx::lock_page(512), 2097153U);
    EXPECT_EQ(ltx::lock_page(4096), 262145U);
    EXPECT_EQ(ltx::lock_page(65536), 16385U);
    EXPECT_EQ(ltx::count_pages(65536, 1, 16384), 16384U);
    EXPECT_EQ(ltx::count_pages(65536, 1, 16385), 16384U);
    EXPECT_EQ(ltx::count_pages(65536, 16386, 16390), 5U);
    EXPECT_EQ(ltx::count_pages(512, 1, UINT32_MAX), 0xfffffffeULL);
    EXPECT_EQ(ltx::count_pages(512, 5, 4), 0U);
}

TEST(format, B8_the_caps_hold_for_the_largest_file_and_do_not_overflow) {
    io::bytes random(65536);
    std::uint64_t x = 1;
    for (auto& b : random) b = static_cast<std::uint8_t>((x = x * 6364136223846793005ULL + 1) >> 56);
    const auto file = tests::make_file(tests::make_header(65536, 1, 1, 1), {{1, random}});
    EXPECT_GT(file.size(), 65536U);
    EXPECT_LE(file.size(), ltx::max_file_size(65536, 1));
    EXPECT_GT(ltx::max_file_size(65536, UINT64_MAX), std::uint64_t{UINT32_MAX} * 65536);
    EXPECT_LT(ltx::max_file_size(65536, UINT64_MAX), std::uint64_t{UINT32_MAX} * 70000);
}

}  // namespace
