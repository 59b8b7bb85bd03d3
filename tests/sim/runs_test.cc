#include "tests/sim/runs.h"

#include <gtest/gtest.h>

#include <set>

namespace {

sim::experiment calm(std::uint64_t seed) { return {"calm", seed, {}, {}, 1000, false}; }

TEST(runs, are_reported_in_order_and_several_at_once_are_what_they_are_alone) {
    const auto hashes = [](std::uint64_t jobs) {
        std::vector<std::uint64_t> out;
        std::uint64_t seed = 0;
        const auto next = [&] { return seed == 5 ? std::nullopt : std::optional(calm(++seed)); };
        sim::run_all({jobs, 600, false}, next, [&](const sim::report& one) {
            EXPECT_EQ(one.what.seed, out.size() + 1);
            EXPECT_EQ(one.out.failed, "");
            EXPECT_GT(one.out.commits, 0U);
            out.push_back(one.out.hash);
        });
        return out;
    };
    const auto alone = hashes(1);
    EXPECT_EQ(alone.size(), 5U);
    EXPECT_EQ(std::set(alone.begin(), alone.end()).size(), 5U);
    EXPECT_EQ(hashes(3), alone);
}

TEST(runs, one_that_fails_says_why_and_what_happened_last) {
    bool given = false;
    const auto next = [&] { return std::exchange(given, true) ? std::nullopt : std::optional(sim::experiment{"canary", 1, {}, {}, 1000, false}); };
    std::vector<sim::report> all;
    sim::run_all({2, 600, false}, next, [&](const sim::report& one) { all.push_back(one); });
    ASSERT_EQ(all.size(), 1U);
    EXPECT_NE(all[0].out.failed.find("what is restored was never written"), std::string::npos) << all[0].out.failed;
    EXPECT_NE(all[0].events.find("is restored: transaction"), std::string::npos) << all[0].events;
}

// A scenario that does not exist ends the child with an exception that nobody catches.
TEST(runs, a_process_that_dies_is_a_failure_and_the_others_go_on) {
    std::uint64_t given = 0;
    const auto next = [&]() -> std::optional<sim::experiment> {
        if (++given > 3) return std::nullopt;
        sim::experiment one = calm(given);
        if (given == 2) one.name = "no such scenario";
        return one;
    };
    std::vector<sim::report> all;
    sim::run_all({2, 600, false}, next, [&](const sim::report& one) { all.push_back(one); });
    ASSERT_EQ(all.size(), 3U);
    EXPECT_EQ(all[0].out.failed + all[2].out.failed, "");
    EXPECT_NE(all[1].out.failed.find("the process died of signal 6"), std::string::npos) << all[1].out.failed;
    EXPECT_NE(all[1].events.find("no such scenario"), std::string::npos) << all[1].events;
}

TEST(runs, one_that_does_not_come_to_its_end_is_killed_and_has_failed) {
    bool given = false;
    sim::experiment endless = calm(1);
    endless.trouble_ms = 1'000'000'000;
    const auto next = [&] { return std::exchange(given, true) ? std::nullopt : std::optional(endless); };
    std::vector<sim::report> all;
    sim::run_all({1, 1, false}, next, [&](const sim::report& one) { all.push_back(one); });
    ASSERT_EQ(all.size(), 1U);
    EXPECT_EQ(all[0].out.failed, "it did not come to its end in 1 s of real time");
    EXPECT_NE(all[0].events, "");
}

}  // namespace
