#include "engine/image_recipe.h"

#include <gtest/gtest.h>

#include <vector>

namespace {

using engine::file_edges;
using engine::recipe_builder;
using engine::stored_file;

constexpr std::uint32_t length = 100;

// The edges of a file with these pages and a checksum that belongs to its TXIDs.
file_edges edges(std::uint64_t min, std::uint64_t max, std::uint32_t commit, const std::vector<std::uint32_t>& pages, std::uint32_t page_size = 4096) {
    file_edges out;
    out.header.page_size = page_size;
    out.header.commit = commit;
    out.header.min_txid = min;
    out.header.max_txid = max;
    out.header.sums = ltx::database_sums{min == 1 ? 0 : ltx::checksum_flag | (min - 1), ltx::checksum_flag | max};
    std::uint64_t offset = ltx::header_size;
    for (const auto pgno : pages) {
        out.index.pages.push_back({pgno, length, offset});
        offset += length;
    }
    return out;
}

stored_file named(std::uint64_t min, std::uint64_t max) { return {0, {min, max}, 10000, 0, std::to_string(min) + "-" + std::to_string(max)}; }

std::vector<std::uint32_t> pages_of(const engine::image_source& source) {
    std::vector<std::uint32_t> out;
    for (const auto& page : source.pages) out.push_back(page.pgno);
    return out;
}

TEST(image_recipe, takes_each_page_from_the_newest_file_that_has_it) {
    recipe_builder builder(100000);
    ASSERT_TRUE(builder.add_older(named(5, 5), edges(5, 5, 4, {2})));
    ASSERT_TRUE(builder.add_older(named(4, 4), edges(4, 4, 4, {2, 4})));
    ASSERT_TRUE(builder.add_older(named(1, 3), edges(1, 3, 3, {1, 2, 3})));
    auto recipe = builder.finish();
    ASSERT_TRUE(recipe) << recipe.error().context;
    EXPECT_EQ(recipe->page_count, 4U);
    EXPECT_EQ(recipe->checksum, ltx::checksum_flag | 5);
    EXPECT_EQ(pages_of(recipe->sources[0]), (std::vector<std::uint32_t>{2}));
    EXPECT_EQ(pages_of(recipe->sources[1]), (std::vector<std::uint32_t>{4}));
    EXPECT_EQ(pages_of(recipe->sources[2]), (std::vector<std::uint32_t>{1, 3}));
}

TEST(image_recipe, B7_pages_cut_off_later_are_dropped_and_a_page_that_grew_back_is_the_new_one) {
    recipe_builder builder(100000);
    ASSERT_TRUE(builder.add_older(named(3, 3), edges(3, 3, 3, {3})));
    ASSERT_TRUE(builder.add_older(named(2, 2), edges(2, 2, 2, {1})));
    ASSERT_TRUE(builder.add_older(named(1, 1), edges(1, 1, 5, {1, 2, 3, 4, 5})));
    auto recipe = builder.finish();
    ASSERT_TRUE(recipe) << recipe.error().context;
    EXPECT_EQ(pages_of(recipe->sources[2]), (std::vector<std::uint32_t>{2}));
}

TEST(image_recipe, growth_without_its_pages_is_refused) {
    recipe_builder builder(100000);
    ASSERT_TRUE(builder.add_older(named(2, 2), edges(2, 2, 5, {1, 4})));
    auto older = builder.add_older(named(1, 1), edges(1, 1, 3, {1, 2, 3}));
    ASSERT_FALSE(older);
    EXPECT_EQ(older.error().code, io::errc::corrupt);
    EXPECT_NE(older.error().context.find("2-2"), std::string::npos) << older.error().context;
}

TEST(image_recipe, A6_B3_checksums_gaps_and_page_sizes_of_neighbours_are_held_against_each_other) {
    const auto joined = [](file_edges newer, file_edges older) {
        recipe_builder builder(100000);
        const stored_file name = named(newer.header.min_txid, newer.header.max_txid);
        auto first = builder.add_older(name, std::move(newer));
        if (!first) return first.error().code;
        auto second = builder.add_older(named(older.header.min_txid, older.header.max_txid), std::move(older));
        return second ? io::errc::io_failure : second.error().code;
    };
    auto foreign = edges(2, 2, 3, {1});
    foreign.header.sums->pre = ltx::checksum_flag | 77;
    EXPECT_EQ(joined(foreign, edges(1, 1, 3, {1, 2, 3})), io::errc::corrupt);
    EXPECT_EQ(joined(edges(3, 3, 3, {1}), edges(1, 1, 3, {1, 2, 3})), io::errc::gap);
    EXPECT_EQ(joined(edges(2, 2, 3, {1}, 512), edges(1, 1, 3, {1, 2, 3})), io::errc::corrupt);
    EXPECT_EQ(joined(edges(2, 2, 3, {1}), edges(1, 1, 3, {1, 2, 3})), io::errc::io_failure) << "a sound pair is taken";
}

TEST(image_recipe, B8_a_claim_of_more_pages_than_the_files_can_hold_is_refused_before_anything_is_allocated) {
    recipe_builder builder(20000);
    auto added = builder.add_older(named(2, 2), edges(2, 2, UINT32_MAX, {1}));
    ASSERT_FALSE(added);
    EXPECT_EQ(added.error().code, io::errc::corrupt);
}

TEST(image_recipe, the_lock_page_is_in_no_file_and_not_missed) {
    constexpr std::uint32_t page_size = 65536;
    const std::uint32_t lock = ltx::lock_page(page_size);
    std::vector<std::uint32_t> pages;
    for (std::uint32_t pgno = 1; pgno <= lock + 1; ++pgno) {
        if (pgno != lock) pages.push_back(pgno);
    }
    recipe_builder builder(10'000'000);
    ASSERT_TRUE(builder.add_older(named(1, 1), edges(1, 1, lock + 1, pages, page_size)));
    auto recipe = builder.finish();
    ASSERT_TRUE(recipe) << recipe.error().context;
    EXPECT_EQ(recipe->page_count, lock + 1);
    EXPECT_EQ(recipe->pages_to_write, lock);
}

TEST(image_recipe, a_chain_without_its_snapshot_is_a_gap) {
    recipe_builder builder(100000);
    ASSERT_TRUE(builder.add_older(named(2, 2), edges(2, 2, 3, {1, 2, 3})));
    auto recipe = builder.finish();
    ASSERT_FALSE(recipe);
    EXPECT_EQ(recipe.error().code, io::errc::gap);
}

}  // namespace
