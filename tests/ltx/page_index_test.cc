#include "ltx/page_index.h"

#include <gtest/gtest.h>

#include <functional>
#include <utility>
#include <vector>

#include "tests/support/ltx_files.h"

namespace {

using tests::block_frame;
using tests::make_header;
using tests::make_page;

io::result<ltx::page_index> parse(const ltx::header& h, io::byte_view file) { return ltx::read_page_index(h, file.size(), file); }

TEST(page_index, finds_every_page_from_the_tail_alone) {
    const auto h = make_header(4096, 300, 1, 1);
    const auto pages = tests::make_pages(4096, 1, 300, 1);
    const io::bytes file = tests::make_file(h, pages);
    const io::byte_view all(file);
    const auto needed = ltx::tail_needed(h, file.size(), all.last(ltx::min_tail_size));
    ASSERT_TRUE(needed);
    ASSERT_LT(*needed, 4000U);
    EXPECT_EQ(ltx::read_page_index(h, file.size(), all.last(*needed - 1)).error().code, io::errc::invalid);
    const auto index = ltx::read_page_index(h, file.size(), all.last(*needed));
    ASSERT_TRUE(index) << index.error().context;
    ASSERT_EQ(index->pages.size(), pages.size());
    io::bytes page(4096);
    for (const auto& at : index->pages) {
        ASSERT_TRUE(ltx::decode_page(all.subspan(at.offset, at.length), 4096, at.pgno, page));
        EXPECT_EQ(page, pages.at(at.pgno));
    }
    EXPECT_EQ(index->trailer, tests::decode(file)->summary.trailer);
}

TEST(page_index, a_file_without_pages_has_an_empty_index) {
    const auto h = make_header(4096, 3, 2, 2);
    const auto index = parse(h, tests::make_file(h, {}));
    ASSERT_TRUE(index);
    EXPECT_TRUE(index->pages.empty());
}

TEST(page_index, F4_no_entry_is_trusted) {
    const auto h = make_header(65536, 20000, 2, 2);
    const auto good = tests::make_raw(h, {block_frame(1, make_page(65536, 1, 1)), block_frame(4, make_page(65536, 4, 1))});
    ASSERT_TRUE(parse(h, good.build()));
    const std::uint64_t huge = UINT64_MAX;
    const std::vector<std::pair<const char*, std::function<void(tests::raw_file&)>>> changes = {
        {"page beyond the commit", [](auto& f) { f.index[1].pgno = 20001; }},
        {"page beyond 32 bits", [](auto& f) { f.index[1].pgno = (1ULL << 32) + 4; }},
        {"lock page", [](auto& f) { f.index[1].pgno = ltx::lock_page(65536); }},
        {"page 0 in the middle", [](auto& f) { f.index[0].pgno = 0; }},
        {"twice", [](auto& f) { f.index[1].pgno = 1; }},
        {"offset beyond the file", [&](auto& f) { f.index[1].offset = huge; }},
        {"offset in the header", [](auto& f) { f.index[0].offset = 99; }},
        {"overlap", [](auto& f) { f.index[1].offset -= 1; }},
        {"hole", [](auto& f) { f.index[1].offset += 1; }},
        {"length that overflows", [&](auto& f) { f.index[1].length = huge; }},
        {"length into the index", [](auto& f) { f.index[1].length += 7; }},
        {"length too short", [](auto& f) { f.index[1].length = 10; }},
        {"an entry less", [](auto& f) { f.index.pop_back(); }},
        {"an index longer than the file", [&](auto& f) { f.index_length_off_by = 1U << 30; }},
        {"an index length that overflows", [&](auto& f) { f.index_length_off_by = huge - 20; }},
        {"an index length one short", [&](auto& f) { f.index_length_off_by = huge; }},
        {"a post-apply checksum against the flags", [](auto& f) { f.post_apply = 1; }},
    };
    for (const auto& [what, change] : changes) {
        auto bad = good;
        change(bad);
        const auto read = parse(h, bad.build());
        ASSERT_FALSE(read) << what;
        EXPECT_EQ(read.error().code, io::errc::corrupt) << what;
        EXPECT_EQ(read.error().about, io::subject::integrity) << what;
    }
}

TEST(page_index, B8_an_index_longer_than_the_database_calls_for_is_refused_before_it_is_read) {
    const auto h = make_header(512, 2, 2, 2);
    io::bytes tail;
    io::append_big(tail, std::uint64_t{1} << 40);
    tail.resize(ltx::min_tail_size);
    EXPECT_EQ(ltx::tail_needed(h, std::uint64_t{1} << 50, tail).error().code, io::errc::corrupt);
    EXPECT_EQ(ltx::tail_needed(h, 8, tail).error().code, io::errc::invalid);
    EXPECT_EQ(ltx::tail_needed(h, 40, tail).error().code, io::errc::corrupt);
    EXPECT_EQ(ltx::tail_needed(h, 1000, io::byte_view(tail).first(5)).error().code, io::errc::invalid);
}

TEST(page_index, a_snapshots_index_names_every_page) {
    const auto h = make_header(512, 3, 1, 1);
    const auto file = tests::make_raw(h, {block_frame(1, make_page(512, 1, 1)), block_frame(3, make_page(512, 3, 1))}).build();
    EXPECT_EQ(parse(h, file).error().code, io::errc::corrupt);
}

}  // namespace
