// What the local cache may throw away: stated once more, in other words, and held against the plan on many made-up caches.
#include "engine/cache_plan.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace {

using engine::cached_file;
using engine::plan_eviction;

cached_file capture(std::uint64_t txid, std::int64_t time, std::uint64_t size = 10, bool durable = true, const std::string& stream = "a") {
    return {stream, {engine::level_captures, {txid, txid}}, size, time, durable};
}
cached_file snapshot(std::uint64_t txid, std::int64_t time, std::uint64_t size = 10, bool durable = true, const std::string& stream = "a") {
    return {stream, {engine::level_snapshots, {1, txid}}, size, time, durable};
}
using places = std::vector<std::size_t>;

TEST(cache_plan, nothing_goes_while_there_is_room) {
    EXPECT_EQ(plan_eviction({}, 0), places{});
    const std::vector<cached_file> files{capture(2, 1), capture(3, 2)};
    EXPECT_EQ(plan_eviction(files, 20), places{});
}

TEST(cache_plan, the_oldest_go_first_and_no_more_than_is_needed) {
    const std::vector<cached_file> files{capture(5, 40), capture(2, 10), capture(4, 30), capture(3, 20)};
    EXPECT_EQ(plan_eviction(files, 39), (places{1}));
    EXPECT_EQ(plan_eviction(files, 20), (places{1, 3}));
    EXPECT_EQ(plan_eviction(files, 0), (places{1, 3, 2, 0}));
}

TEST(cache_plan, F8_the_newest_snapshot_and_what_comes_after_it_stay_whatever_the_limit) {
    const std::vector<cached_file> files{snapshot(3, 1), capture(4, 2), snapshot(5, 3), capture(5, 4), capture(6, 5), capture(7, 6)};
    EXPECT_EQ(plan_eviction(files, 0), (places{0, 1, 3})) << "5 is in the snapshot at 5";
    EXPECT_EQ(plan_eviction(files, 55), (places{0}));
}

TEST(cache_plan, F8_what_is_not_durable_stays_and_a_snapshot_that_is_not_protects_nothing_of_what_came_before) {
    const std::vector<cached_file> files{snapshot(3, 1), capture(4, 2), snapshot(5, 3, 10, false), capture(2, 0, 10, false), capture(3, 9)};
    EXPECT_EQ(plan_eviction(files, 0), (places{4}));
}

TEST(cache_plan, F8_another_streams_snapshot_protects_nothing_and_loses_no_protection) {
    const std::vector<cached_file> files{snapshot(9, 1, 10, true, "a"), capture(5, 2, 10, true, "b"), snapshot(2, 3, 10, true, "b"), capture(3, 4, 10, true, "c")};
    EXPECT_EQ(plan_eviction(files, 0), (places{3})) << "5 of b comes after b's snapshot";
}

TEST(cache_plan, F8_holds_for_any_cache_and_any_limit) {
    std::mt19937_64 dice(20261124);
    const auto below = [&dice](std::uint64_t n) { return dice() % n; };
    std::size_t gone = 0;
    std::size_t kept_over_the_limit = 0;
    for (int round = 0; round < 3000; ++round) {
        std::vector<cached_file> files;
        const std::size_t count = below(14);
        for (std::size_t i = 0; i < count; ++i) {
            const std::string stream(1, static_cast<char>('a' + below(2)));
            const auto time = static_cast<std::int64_t>(below(8));
            const bool durable = below(5) != 0;
            const std::uint64_t size = below(30);
            files.push_back(below(4) == 0 ? snapshot(1 + below(9), time, size, durable, stream) : capture(2 + below(9), time, size, durable, stream));
        }
        const std::uint64_t limit = below(200);
        const places plan = plan_eviction(files, limit);
        std::uint64_t left = 0;
        for (std::size_t i = 0; i < files.size(); ++i) left += std::count(plan.begin(), plan.end(), i) == 0 ? files[i].size : 0;
        const auto must_stay = [&](const cached_file& f) {
            if (!f.durable) return true;
            bool any = false;
            for (const cached_file& other : files) {
                if (other.stream != f.stream || other.name.level != engine::level_snapshots || !other.durable) continue;
                any = true;
                // There is a newer snapshot than f, or one that holds f: f may go.
                if (other.name.range.max > f.name.range.max) return false;
                if (other.name.range.max == f.name.range.max && f.name.level != engine::level_snapshots) return false;
            }
            return any;
        };
        for (const std::size_t i : plan) EXPECT_FALSE(must_stay(files[i])) << "round " << round << ", file " << i;
        for (std::size_t i = 0; left > limit && i < files.size(); ++i) {
            EXPECT_TRUE(must_stay(files[i]) || std::count(plan.begin(), plan.end(), i) == 1) << "round " << round << ": there was more to remove";
        }
        if (!plan.empty()) EXPECT_GT(left + files[plan.back()].size, limit) << "round " << round << ": more than was needed";
        gone += plan.size();
        kept_over_the_limit += left > limit;
    }
    EXPECT_GT(gone, 1000U);
    EXPECT_GT(kept_over_the_limit, 100U);
}

}  // namespace
