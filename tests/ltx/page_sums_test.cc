#include "ltx/page_sums.h"

#include <gtest/gtest.h>

#include <vector>

#include "ltx/checksum.h"
#include "ltx/format.h"
#include "tests/ltx/mapped_files.h"

namespace {

constexpr std::uint64_t bit63 = 1ULL << 63;

std::uint64_t sum_of(std::uint32_t pgno, std::uint64_t version) {
    std::array<std::uint8_t, 8> bytes;
    io::store_big(bytes.data(), version);
    return ltx::page_checksum(pgno, bytes);
}

std::vector<std::uint64_t> sums_of(std::uint32_t count, std::uint64_t version) {
    std::vector<std::uint64_t> sums;
    for (std::uint32_t pgno = 1; pgno <= count; ++pgno) sums.push_back(sum_of(pgno, version));
    return sums;
}

std::uint64_t fold_all(const std::vector<std::uint64_t>& sums) {
    std::uint64_t all = 0;
    for (const std::uint64_t sum : sums)
        if (sum != 0) all = ltx::fold(all, sum);
    return all;
}

struct page_sums : testing::Test {
    tests::mapped_files files;
    ltx::page_sums open() { return ltx::page_sums::open(files, "sums").value(); }
    io::bytes& stored() { return *files.contents.at("sums"); }
};

TEST_F(page_sums, a_missing_file_is_not_valid_until_reset) {
    auto sums = open();
    EXPECT_FALSE(sums.valid());
    EXPECT_EQ(sums.get(1), 0U);
    EXPECT_EQ(sums.apply({}, 3, 2, bit63).error().code, io::errc::invalid);
    ASSERT_TRUE(sums.reset(4096, sums_of(3, 1), 9));
    EXPECT_TRUE(sums.valid());
    EXPECT_EQ(sums.txid(), 9U);
    EXPECT_EQ(sums.post(), fold_all(sums_of(3, 1)));
}

TEST_F(page_sums, what_was_set_is_there_after_opening_again) {
    ASSERT_TRUE(open().reset(4096, sums_of(2000, 1), 9));
    auto sums = open();
    ASSERT_TRUE(sums.valid());
    EXPECT_EQ(sums.page_size(), 4096U);
    EXPECT_EQ(sums.page_count(), 2000U);
    for (std::uint32_t pgno = 1; pgno <= 2000; ++pgno) ASSERT_EQ(sums.get(pgno), sum_of(pgno, 1));
    EXPECT_EQ(sums.get(0), 0U);
    EXPECT_EQ(sums.get(2001), 0U);
}

TEST_F(page_sums, A6_follow_the_database_as_it_grows_and_shrinks) {
    auto sums = open();
    std::vector<std::uint64_t> model = sums_of(10, 1);
    ASSERT_TRUE(sums.reset(512, model, 1));
    std::uint64_t txid = 1;
    for (const std::uint32_t count : {10U, 11U, 700U, 2000U, 1990U, 3U, 4U, 600U, 0U, 5U}) {
        ++txid;
        const auto old_count = static_cast<std::uint32_t>(model.size());
        model.resize(count);
        std::vector<ltx::page_sum> changed;
        for (std::uint32_t pgno = 1; pgno <= count; ++pgno)
            if (pgno > old_count || pgno % 3 == 0) changed.push_back({pgno, model[pgno - 1] = sum_of(pgno, txid)});
        const auto expected = fold_all(model);
        EXPECT_EQ(sums.checksum_after(changed, count).value(), expected);
        ASSERT_TRUE(sums.apply(changed, count, txid, expected));
        ASSERT_TRUE(sums.valid()) << count;
        auto again = open();
        ASSERT_TRUE(again.valid()) << count;
        EXPECT_EQ(again.post(), expected);
        EXPECT_EQ(again.txid(), txid);
        for (std::uint32_t pgno = 1; pgno <= count; ++pgno) ASSERT_EQ(again.get(pgno), model[pgno - 1]);
    }
    EXPECT_LE(stored().size(), 4096U);
}

TEST_F(page_sums, A6_sums_that_disagree_with_the_post_checksum_are_not_valid) {
    auto sums = open();
    ASSERT_TRUE(sums.reset(512, sums_of(10, 1), 1));
    const std::vector<ltx::page_sum> changed = {{4, sum_of(4, 2)}};
    ASSERT_TRUE(sums.apply(changed, 10, 2, sums.post()));
    EXPECT_FALSE(sums.valid());
    EXPECT_EQ(sums.page_count(), 0U);
    EXPECT_FALSE(open().valid());
    ASSERT_TRUE(sums.reset(512, sums_of(10, 2), 2));
    EXPECT_TRUE(open().valid());
}

TEST_F(page_sums, any_torn_write_is_noticed) {
    auto sums = open();
    ASSERT_TRUE(sums.reset(512, sums_of(100, 1), 1));
    const io::bytes before = stored();
    std::vector<ltx::page_sum> changed = {{4, sum_of(4, 2)}, {90, sum_of(90, 2)}};
    ASSERT_TRUE(sums.apply(changed, 101, 2, sums.checksum_after(changed, 101).value()));
    changed.push_back({101, sum_of(101, 2)});
    ASSERT_TRUE(sums.apply(changed, 101, 3, sums.checksum_after(changed, 101).value()));
    const io::bytes after = stored();
    ASSERT_EQ(before.size(), after.size());
    // Any 8-byte word of the new state may be missing on disk.
    for (std::size_t at = 0; at < after.size(); at += 8) {
        if (std::equal(after.begin() + static_cast<std::ptrdiff_t>(at), after.begin() + static_cast<std::ptrdiff_t>(at) + 8,
                       before.begin() + static_cast<std::ptrdiff_t>(at)))
            continue;
        stored() = after;
        std::copy_n(before.begin() + static_cast<std::ptrdiff_t>(at), 8, stored().begin() + static_cast<std::ptrdiff_t>(at));
        EXPECT_FALSE(open().valid()) << at;
    }
    stored() = after;
    EXPECT_TRUE(open().valid());
}

// Killed at any moment between the first store and the claim, which comes last; the file may have its old or its new size.
TEST_F(page_sums, E1_a_torn_apply_is_mended_by_repeating_it) {
    for (const std::uint32_t pages : {1400U, 1000U, 300U}) {  // grown, as it was, cut
        auto sums = open();
        ASSERT_TRUE(sums.reset(512, sums_of(1000, 1), 1));
        const io::bytes before = stored();
        std::vector<ltx::page_sum> changed = {{4, sum_of(4, 2)}, {90, sum_of(90, 2)}, {299, sum_of(299, 2)}};
        for (std::uint32_t pgno = 1001; pgno <= pages; ++pgno) changed.push_back({pgno, sum_of(pgno, 2)});
        const std::uint64_t post = sums.checksum_after(changed, pages).value();
        ASSERT_FALSE(sums.torn());
        EXPECT_EQ(sums.apply_again(changed, pages, 2, post).error().code, io::errc::invalid);
        ASSERT_TRUE(sums.apply(changed, pages, 2, post));
        const io::bytes after = stored();
        for (const std::size_t size : {before.size(), after.size()}) {
            for (std::size_t stored_up_to = 48; stored_up_to <= size; stored_up_to += 8 * 17) {
                stored() = before;
                stored().resize(size);
                std::copy_n(after.begin() + 48, std::min(stored_up_to, after.size()) - 48, stored().begin() + 48);
                auto torn = open();
                if (torn.valid()) continue;  // nothing had been stored yet
                ASSERT_TRUE(torn.torn());
                EXPECT_EQ(torn.torn()->txid, 1U);
                EXPECT_EQ(torn.torn()->post, fold_all(sums_of(1000, 1)));
                ASSERT_TRUE(torn.apply_again(changed, pages, 2, post));
                EXPECT_TRUE(torn.valid());
                EXPECT_EQ(torn.txid(), 2U);
                ASSERT_TRUE(stored() == after) << pages << " pages, " << size << " bytes, stored up to " << stored_up_to;
            }
        }
    }
}

TEST_F(page_sums, sums_that_are_wrong_elsewhere_are_not_mended_by_repeating) {
    ASSERT_TRUE(open().reset(512, sums_of(100, 1), 1));
    stored()[48 + 8 * 70] ^= 1;
    auto sums = open();
    ASSERT_TRUE(sums.torn());
    std::vector<std::uint64_t> right = sums_of(100, 1);
    right[3] = sum_of(4, 2);
    ASSERT_TRUE(sums.apply_again(std::vector<ltx::page_sum>{{4, sum_of(4, 2)}}, 100, 2, fold_all(right)));
    EXPECT_FALSE(sums.valid());
}

TEST_F(page_sums, a_garbage_file_is_not_valid_and_not_an_error) {
    ASSERT_TRUE(open().reset(512, sums_of(10, 1), 1));
    const io::bytes good = stored();
    for (std::size_t at = 0; at < 120; ++at) {
        stored() = good;
        stored()[at] ^= 0x41;
        EXPECT_FALSE(open().valid()) << at;
    }
    for (const std::size_t size : {std::size_t{0}, std::size_t{1}, std::size_t{39}, std::size_t{4095}, std::size_t{8192}}) {
        stored() = good;
        stored().resize(size);
        EXPECT_FALSE(open().valid()) << size;
    }
    stored().assign(4096, 0xff);
    auto sums = open();
    EXPECT_FALSE(sums.valid());
    ASSERT_TRUE(sums.reset(512, sums_of(10, 1), 1));
    EXPECT_EQ(stored(), good);
}

TEST_F(page_sums, changes_that_cannot_be_are_refused_and_change_nothing) {
    auto sums = open();
    ASSERT_TRUE(sums.reset(65536, sums_of(10, 1), 1));
    const io::bytes before = stored();
    const std::uint32_t lock = ltx::lock_page(65536);
    const std::vector<std::vector<ltx::page_sum>> bad = {{{0, bit63}}, {{lock, bit63}}, {{lock + 2, bit63}}, {{4, bit63}, {4, bit63}}, {{4, bit63}, {3, bit63}}};
    for (const auto& changed : bad) {
        const auto refused = sums.apply(changed, lock + 1, 2, bit63);
        ASSERT_FALSE(refused);
        EXPECT_EQ(refused.error().code, io::errc::invalid);
    }
    EXPECT_EQ(stored(), before);
    EXPECT_FALSE(sums.reset(1000, {}, 1));
    EXPECT_FALSE(sums.reset(65536, sums_of(lock, 1), 1));
    EXPECT_TRUE(sums.valid());
}

TEST_F(page_sums, a_full_disk_keeps_them_in_memory_until_there_is_room) {
    auto sums = open();
    ASSERT_TRUE(sums.reset(512, sums_of(10, 1), 1));
    const std::uint64_t post = sums.post();
    files.full = true;
    ASSERT_TRUE(sums.apply({}, 5000, 2, post));
    EXPECT_TRUE(sums.valid());
    EXPECT_EQ(sums.page_count(), 5000U);
    EXPECT_EQ(sums.get(10), sums_of(10, 1)[9]);
    EXPECT_NE(open().txid(), 2U) << "the file does not have them";
    ASSERT_TRUE(sums.apply({}, 9000, 3, post));
    EXPECT_TRUE(sums.valid());
    files.full = false;
    ASSERT_TRUE(sums.apply({}, 20000, 4, post));
    EXPECT_TRUE(sums.valid());
    const auto again = open();
    EXPECT_EQ(again.txid(), 4U);
    EXPECT_EQ(again.post(), post);
    EXPECT_EQ(again.get(10), sums_of(10, 1)[9]);
}

TEST_F(page_sums, a_file_that_may_not_be_written_any_more_is_read_all_the_same) {
    {
        auto sums = open();
        ASSERT_TRUE(sums.reset(512, sums_of(10, 1), 1));
    }
    files.full = true;
    auto sums = open();
    EXPECT_EQ(sums.txid(), 1U);
    EXPECT_EQ(sums.get(10), sums_of(10, 1)[9]);
    EXPECT_TRUE(sums.sync());
}

}  // namespace
