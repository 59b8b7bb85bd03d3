#include "ltx/encoder.h"

#include <gtest/gtest.h>

#include "tests/support/ltx_files.h"

namespace {

using tests::make_header;
using tests::make_page;
using tests::make_pages;

ltx::encoder start(const ltx::header& h) { return ltx::encoder::create(h).value(); }

TEST(encoder, files_of_every_page_size_read_back) {
    for (std::uint32_t size = 512; size <= 65536; size *= 2) {
        const auto pages = make_pages(size, 1, 9, size);
        const auto back = tests::decode(tests::make_file(make_header(size, 9, 1, 4), pages));
        ASSERT_TRUE(back) << back.error().context;
        EXPECT_EQ(back->pages, pages);
        EXPECT_EQ(back->summary.page_count, 9U);
        const tests::page_map some = {{2, make_page(size, 2, 1)}, {7, make_page(size, 7, 1)}};
        const auto increment = tests::decode(tests::make_file(make_header(size, 9, 5, 5), some));
        ASSERT_TRUE(increment);
        EXPECT_EQ(increment->pages, some);
    }
}

TEST(encoder, a_file_without_pages_and_an_empty_database_are_files) {
    EXPECT_TRUE(tests::decode(tests::make_file(make_header(512, 3, 2, 2), {})));
    ltx::header h = make_header(512, 0, 1, 1);
    h.sums = ltx::database_sums{0, 0};
    EXPECT_TRUE(tests::decode(tests::make_file(h, {})));
}

TEST(encoder, output_taken_in_parts_is_the_same_file) {
    const auto pages = make_pages(4096, 1, 40, 1);
    const auto h = make_header(4096, 40, 1, 1);
    auto out = start(h);
    io::bytes file;
    std::size_t most = 0;
    for (const auto& [pgno, page] : pages) {
        ASSERT_TRUE(out.add_page(pgno, page));
        most = std::max(most, out.pending_bytes());
        EXPECT_EQ(out.bytes_encoded(), file.size() + out.pending_bytes());
        io::append(file, out.take_output());
    }
    ASSERT_TRUE(out.finish());
    io::append(file, out.take_output());
    EXPECT_EQ(file, tests::make_file(h, pages));
    EXPECT_EQ(out.bytes_encoded(), file.size());
    EXPECT_LE(most, ltx::header_size + ltx::max_frame_size(4096));
    EXPECT_EQ(out.file_checksum(), io::load_big<std::uint64_t>(&file[file.size() - 8]));
}

TEST(encoder, B6_page_0_the_lock_page_and_pages_out_of_range_or_order_are_refused) {
    const std::uint32_t lock = ltx::lock_page(65536);
    auto out = start(make_header(65536, lock + 5, 2, 2));
    const io::bytes page = make_page(65536, 1, 1);
    EXPECT_EQ(out.add_page(0, page).error().code, io::errc::invalid);
    ASSERT_TRUE(out.add_page(3, page));
    const auto before = out.bytes_encoded();
    for (const std::uint32_t pgno : {0U, 1U, 2U, 3U, lock, lock + 6, UINT32_MAX}) {
        const auto refused = out.add_page(pgno, page);
        ASSERT_FALSE(refused) << pgno;
        EXPECT_EQ(refused.error().code, io::errc::invalid);
        EXPECT_EQ(refused.error().about, io::subject::integrity);
    }
    EXPECT_FALSE(out.add_page(4, io::byte_view(page).first(512)));
    EXPECT_EQ(out.bytes_encoded(), before);
    ASSERT_TRUE(out.add_page(lock + 5, page));
    ASSERT_TRUE(out.finish());
    EXPECT_FALSE(out.add_page(lock + 5, page));
    EXPECT_FALSE(out.finish());
    const auto back = tests::decode(out.take_output());
    ASSERT_TRUE(back);
    EXPECT_EQ(back->pages.size(), 2U);
}

TEST(encoder, A7_a_snapshot_must_hold_every_page) {
    for (std::uint32_t missing = 1; missing <= 5; ++missing) {
        auto out = start(make_header(512, 5, 1, 3));
        for (const auto& [pgno, page] : make_pages(512, 1, 5, 1))
            if (pgno != missing) { ASSERT_TRUE(out.add_page(pgno, page)); }
        const auto ended = out.finish();
        ASSERT_FALSE(ended) << missing;
        EXPECT_EQ(ended.error().code, io::errc::invalid);
    }
}

TEST(encoder, A7_a_snapshots_checksum_is_that_of_the_bytes_encoded) {
    const auto pages = make_pages(512, 1, 5, 1);
    ltx::header h = make_header(512, 5, 1, 3);
    h.sums = ltx::database_sums{0, tests::database_checksum(pages)};
    auto good = start(h);
    for (const auto& [pgno, page] : pages) ASSERT_TRUE(good.add_page(pgno, page));
    EXPECT_TRUE(good.finish());
    EXPECT_EQ(good.database_checksum(), h.sums->post);

    auto bad = start(h);
    for (const auto& [pgno, page] : pages) ASSERT_TRUE(bad.add_page(pgno, pgno == 3 ? make_page(512, 3, 2) : page));
    const auto ended = bad.finish();
    ASSERT_FALSE(ended);
    EXPECT_EQ(ended.error().about, io::subject::integrity);
}

TEST(encoder, A7_a_snapshot_leaves_out_the_lock_page_and_nothing_else) {
    constexpr std::uint32_t size = 65536;
    const std::uint32_t lock = ltx::lock_page(size);
    auto out = start(make_header(size, lock + 1, 1, 1));
    const io::bytes page(size);
    for (std::uint32_t pgno = 1; pgno <= lock + 1; ++pgno) {
        if (pgno != lock) { ASSERT_TRUE(out.add_page(pgno, page)); }
        if (out.pending_bytes() > (1U << 20)) (void)out.take_output();
    }
    EXPECT_TRUE(out.finish());
    EXPECT_EQ(out.pages_encoded(), lock);
}

TEST(encoder, native_checksums_are_not_written) {
    ltx::header h = make_header(512, 1, 1, 1);
    h.flags = 0;
    EXPECT_EQ(ltx::encoder::create(h).error().code, io::errc::unsupported);
}

}  // namespace
