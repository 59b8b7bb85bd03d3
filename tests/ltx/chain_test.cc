#include "ltx/chain.h"

#include <gtest/gtest.h>

#include "tests/support/ltx_files.h"

namespace {

constexpr std::uint64_t bit63 = ltx::checksum_flag;

ltx::chain_state after(std::uint64_t txid) { return {4096, 10, txid, bit63 | 5}; }

void expect_refused(const io::result<void>& checked, io::errc code) {
    ASSERT_FALSE(checked);
    EXPECT_EQ(checked.error().code, code);
    EXPECT_EQ(checked.error().about, io::subject::integrity);
}

TEST(chain, starts_with_a_snapshot) {
    EXPECT_TRUE(ltx::check_start(tests::make_header(4096, 10, 1, 9)));
    expect_refused(ltx::check_start(tests::make_header(4096, 10, 2, 9)), io::errc::gap);
}

TEST(chain, A6_ranges_touch_or_overlap_and_advance) {
    for (const auto& [min, max] : {std::pair{8, 8}, {8, 12}, {7, 8}, {1, 8}})
        EXPECT_TRUE(ltx::check_successor(after(7), tests::make_header(4096, 10, static_cast<std::uint64_t>(min), static_cast<std::uint64_t>(max))));
    expect_refused(ltx::check_successor(after(7), tests::make_header(4096, 10, 9, 9)), io::errc::gap);
    expect_refused(ltx::check_successor(after(7), tests::make_header(4096, 10, UINT64_MAX, UINT64_MAX)), io::errc::gap);
    expect_refused(ltx::check_successor(after(7), tests::make_header(4096, 10, 7, 7)), io::errc::corrupt);
    expect_refused(ltx::check_successor(after(7), tests::make_header(4096, 10, 1, 6)), io::errc::corrupt);
    expect_refused(ltx::check_successor(after(UINT64_MAX), tests::make_header(4096, 10, 1, UINT64_MAX)), io::errc::corrupt);
}

TEST(chain, B3_the_page_size_does_not_change) {
    expect_refused(ltx::check_successor(after(7), tests::make_header(8192, 10, 8, 8)), io::errc::corrupt);
}

TEST(chain, A6_a_file_starts_from_the_database_that_the_one_before_ended_with) {
    auto next = tests::make_header(4096, 10, 8, 9);
    next.sums = ltx::database_sums{bit63 | 5, bit63 | 6};
    EXPECT_TRUE(ltx::check_successor(after(7), next));
    next.sums->pre = bit63 | 4;
    expect_refused(ltx::check_successor(after(7), next), io::errc::corrupt);
    auto unknown = after(7);
    unknown.checksum.reset();
    EXPECT_TRUE(ltx::check_successor(unknown, next));
    next.min_txid = 7;  // overlapping: it starts from an older state
    EXPECT_TRUE(ltx::check_successor(after(7), next));
    auto native = tests::make_header(4096, 10, 8, 9);
    native.flags = 0;
    native.pre_apply = bit63 | 4;
    expect_refused(ltx::check_successor(after(7), native), io::errc::corrupt);
}

TEST(chain, growth_calls_for_every_new_page) {
    const auto next = tests::make_header(4096, 14, 8, 8);
    for (std::uint32_t missing = 10; missing <= 14; ++missing) {
        ltx::growth_check check(10, next);
        for (std::uint32_t pgno = 9; pgno <= 14; ++pgno)
            if (pgno != missing) check.add(pgno);
        EXPECT_EQ(check.finish().has_value(), missing == 10) << missing;
    }
    EXPECT_TRUE(ltx::growth_check(14, next).finish());
    EXPECT_TRUE(ltx::growth_check(UINT32_MAX, next).finish());
    expect_refused(ltx::growth_check(10, next).finish(), io::errc::corrupt);
    const std::uint32_t lock = ltx::lock_page(4096);
    EXPECT_TRUE(ltx::growth_check(lock - 1, tests::make_header(4096, lock, 8, 8)).finish());
}

TEST(chain, the_state_after_a_file_carries_its_checksum) {
    auto h = tests::make_header(4096, 14, 8, 9);
    EXPECT_EQ(ltx::state_after(h, {}).checksum, std::nullopt);
    h.sums = ltx::database_sums{bit63 | 5, bit63 | 6};
    EXPECT_EQ(ltx::state_after(h, {}).checksum, bit63 | 6);
    EXPECT_EQ(ltx::state_after(h, {}).txid, 9U);
    EXPECT_EQ(ltx::state_after(h, {}).commit, 14U);
}

}  // namespace
