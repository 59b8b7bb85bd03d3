#include "ltx/checksum.h"

#include <gtest/gtest.h>

#include "tests/support/ltx_files.h"

namespace {

TEST(checksum, gives_the_specified_value) {
    EXPECT_EQ(ltx::crc64_of(io::view_of("123456789")), 0xb90956c775a41001ULL);
    EXPECT_EQ(ltx::crc64_of({}), 0U);
}

TEST(checksum, all_forms_agree_at_every_length_and_alignment) {
    const io::bytes data = tests::make_page(65536, 7, 1);
    for (std::size_t size = 0; size < 600; ++size) {
        const auto part = io::byte_view(data).subspan(32768 + size % 17, size);
        std::uint64_t slow = ~0ULL;
        for (const auto& byte : part) slow = ltx::crc64_by_table(slow, {&byte, 1});
        ASSERT_EQ(ltx::crc64_by_table(~0ULL, part), slow) << size;
        if (ltx::crc64_has_clmul()) { ASSERT_EQ(ltx::crc64_by_clmul(~0ULL, part), slow) << size; }
        ASSERT_EQ(ltx::crc64_of(part), ~slow) << size;
    }
}

TEST(checksum, does_not_depend_on_how_the_input_is_cut) {
    const io::bytes data = tests::make_page(4096, 3, 1);
    for (std::size_t cut = 0; cut <= data.size(); cut += 61) {
        ltx::crc64 crc;
        crc.update(io::byte_view(data).first(cut));
        crc.update(io::byte_view(data).subspan(cut));
        ASSERT_EQ(crc.value(), ltx::crc64_of(data)) << cut;
    }
}

TEST(checksum, a_page_is_replaced_by_folding_its_old_and_its_new_sum) {
    auto pages = tests::make_pages(512, 1, 9, 1);
    const std::uint64_t before = tests::database_checksum(pages);
    const std::uint64_t old_sum = ltx::page_checksum(4, pages[4]);
    pages[4] = tests::make_page(512, 4, 2);
    EXPECT_EQ(ltx::fold(ltx::fold(before, old_sum), ltx::page_checksum(4, pages[4])), tests::database_checksum(pages));
    EXPECT_NE(before, tests::database_checksum(pages));
    EXPECT_NE(ltx::page_checksum(1, pages[4]), ltx::page_checksum(2, pages[4]));
}

}  // namespace
