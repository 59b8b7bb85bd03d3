#include "ltx/merge.h"

#include <gtest/gtest.h>

#include <utility>
#include <vector>

#include "tests/support/ltx_files.h"

namespace {

using tests::make_header;
using tests::make_page;
using tests::make_pages;

io::result<io::bytes> run(ltx::merger& m, const std::vector<io::bytes>& files, std::size_t chunk) {
    std::vector<std::size_t> at(files.size());
    io::bytes out;
    for (;;) {
        const auto want = m.step();
        if (!want) return want.error();
        if (want->what == ltx::merger::need::input) {
            const auto rest = io::byte_view(files[want->source]).subspan(at[want->source]);
            if (rest.empty()) {
                m.end(want->source);
                continue;
            }
            const auto part = rest.first(std::min(chunk, rest.size()));
            at[want->source] += part.size();
            m.feed(want->source, io::bytes(part.begin(), part.end()));
            continue;
        }
        io::append(out, m.take_output());
        if (want->what == ltx::merger::need::done) return out;
    }
}

io::result<io::bytes> merge(const std::vector<io::bytes>& files, std::size_t chunk = 1000) {
    ltx::merger m(files.size(), 2000);
    return run(m, files, chunk);
}

void expect_refused(const std::vector<io::bytes>& files, io::errc code) {
    const auto merged = merge(files);
    ASSERT_FALSE(merged);
    EXPECT_EQ(merged.error().code, code) << merged.error().context;
    EXPECT_EQ(merged.error().about, io::subject::integrity);
}

TEST(merge, the_newest_version_of_each_page_wins) {
    const auto base = make_pages(512, 1, 5, 1);
    const tests::page_map second = {{2, make_page(512, 2, 2)}, {3, make_page(512, 3, 2)}};
    const tests::page_map third = {{3, make_page(512, 3, 3)}, {6, make_page(512, 6, 3)}};
    const std::vector<io::bytes> files = {tests::make_file(make_header(512, 5, 1, 1), base), tests::make_file(make_header(512, 5, 2, 2), second),
                                          tests::make_file(make_header(512, 6, 3, 7), third)};
    auto expected = base;
    expected[2] = second.at(2);
    expected[3] = third.at(3);
    expected[6] = third.at(6);
    for (const std::size_t chunk : {std::size_t{1}, std::size_t{50}, std::size_t{1} << 20}) {
        const auto merged = merge(files, chunk);
        ASSERT_TRUE(merged) << merged.error().context;
        const auto back = tests::decode(*merged);
        ASSERT_TRUE(back) << back.error().context;
        EXPECT_EQ(back->pages, expected);
        EXPECT_EQ(back->summary.header, make_header(512, 6, 1, 7));
    }
}

TEST(merge, checksums_and_identity_come_from_both_ends) {
    auto pages = make_pages(512, 1, 3, 1);
    const std::uint64_t before = tests::database_checksum(pages);
    auto first = make_header(512, 3, 4, 4), second = make_header(512, 3, 5, 6);
    pages[1] = make_page(512, 1, 2);
    const std::uint64_t between = tests::database_checksum(pages);
    pages[2] = make_page(512, 2, 2);
    first.sums = ltx::database_sums{before, between};
    second.sums = ltx::database_sums{between, tests::database_checksum(pages)};
    first.node_id = 6;
    second.node_id = 7;
    const auto one = tests::make_file(first, {{1, pages[1]}});
    const auto merged = merge({one, tests::make_file(second, {{2, pages[2]}})});
    ASSERT_TRUE(merged);
    const auto h = tests::decode(*merged)->summary.header;
    EXPECT_EQ(h.sums, (ltx::database_sums{before, tests::database_checksum(pages)}));
    EXPECT_EQ(h.node_id, 7U);
    EXPECT_EQ(h.timestamp_ms, second.timestamp_ms);

    second.sums->pre ^= 2;
    expect_refused({one, tests::make_file(second, {{2, pages[2]}})}, io::errc::corrupt);
}

TEST(merge, B7_pages_beyond_the_last_commit_are_dropped) {
    const auto merged = merge({tests::make_file(make_header(512, 9, 2, 2), {{4, make_page(512, 4, 1)}, {9, make_page(512, 9, 1)}}),
                               tests::make_file(make_header(512, 5, 3, 3), {{1, make_page(512, 1, 2)}})});
    ASSERT_TRUE(merged) << merged.error().context;
    const auto back = tests::decode(*merged);
    EXPECT_EQ(back->pages, (tests::page_map{{1, make_page(512, 1, 2)}, {4, make_page(512, 4, 1)}}));
    EXPECT_EQ(back->summary.header.commit, 5U);
}

TEST(merge, B7_a_page_that_was_cut_off_does_not_come_back_when_the_database_grows_again) {
    const auto merged = merge({tests::make_file(make_header(512, 9, 1, 2), make_pages(512, 1, 9, 1)),
                               tests::make_file(make_header(512, 5, 3, 3), {{1, make_page(512, 1, 2)}}),
                               tests::make_file(make_header(512, 7, 4, 4), make_pages(512, 6, 7, 3))});
    ASSERT_TRUE(merged) << merged.error().context;
    auto expected = make_pages(512, 1, 5, 1);
    expected[1] = make_page(512, 1, 2);
    expected.merge(make_pages(512, 6, 7, 3));
    EXPECT_EQ(tests::decode(*merged)->pages, expected);
}

TEST(merge, B3_files_that_do_not_follow_each_other_are_refused) {
    const auto file = [](std::uint32_t page_size, std::uint64_t min, std::uint64_t max) {
        return tests::make_file(make_header(page_size, 5, min, max), {{1, make_page(page_size, 1, max)}});
    };
    EXPECT_TRUE(merge({file(512, 2, 4), file(512, 3, 5)}));
    const std::vector<std::pair<std::vector<io::bytes>, io::errc>> refused = {
        {{file(512, 2, 4), file(512, 6, 6)}, io::errc::gap},
        {{file(512, 2, 4), file(512, 3, 4)}, io::errc::corrupt},
        {{file(512, 3, 5), file(512, 2, 4)}, io::errc::corrupt},
        {{file(512, 2, 4), file(1024, 5, 5)}, io::errc::corrupt},
    };
    for (const auto& [files, code] : refused) {
        ltx::merger m(files.size());
        const auto merged = run(m, files, 1000);
        ASSERT_FALSE(merged);
        EXPECT_EQ(merged.error().code, code) << merged.error().context;
        EXPECT_EQ(m.head(), nullptr);  // before anything was merged
        EXPECT_FALSE(m.step());
    }
}

TEST(merge, growth_without_its_pages_is_refused) {
    expect_refused({tests::make_file(make_header(512, 5, 2, 2), {{1, make_page(512, 1, 1)}}),
                    tests::make_file(make_header(512, 7, 3, 3), {{7, make_page(512, 7, 1)}})},
                   io::errc::corrupt);
}

TEST(merge, B1_every_source_is_verified_to_its_end) {
    std::vector<io::bytes> files = {tests::make_file(make_header(512, 5, 2, 2), {{1, make_page(512, 1, 1)}}),
                                    tests::make_file(make_header(512, 5, 3, 3), {{2, make_page(512, 2, 1)}})};
    ASSERT_TRUE(merge(files));
    for (auto& file : files) {
        file.back() ^= 1;
        expect_refused(files, io::errc::corrupt);
        file.back() ^= 1;
        file.pop_back();
        expect_refused(files, io::errc::corrupt);
        file.push_back(0);
    }
}

TEST(merge, the_golden_sets_merge_to_the_source_database) {
    for (const auto& [first, second] : {std::pair{"accepted/ltx/9/0000000000000001-0000000000000003", "accepted/ltx/0/0000000000000004-0000000000000004"},
                                        {"overlap/ltx/9/0000000000000001-0000000000000003", "overlap/ltx/1/0000000000000002-0000000000000004"},
                                        {"with-database-checksums/ltx/9/0000000000000001-0000000000000003",
                                         "with-database-checksums/ltx/0/0000000000000004-0000000000000004"}}) {
        const auto data = [](const std::string& name) { return tests::read_data("ltx/" + name + ".ltx"); };
        const auto merged = merge({data(first), data(second)}, 30000);
        ASSERT_TRUE(merged) << merged.error().context;
        const auto back = tests::decode(*merged);
        io::bytes image;
        for (const auto& [pgno, page] : back->pages) io::append(image, page);
        EXPECT_EQ(image, tests::read_data("ltx/source.db"));
    }
}

TEST(merge, one_file_merges_to_itself) {
    const auto file = tests::make_file(make_header(512, 5, 1, 3), make_pages(512, 1, 5, 1));
    EXPECT_EQ(merge({file}).value(), file);
}

}  // namespace
