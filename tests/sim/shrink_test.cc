#include "tests/sim/shrink.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/sim/parts.h"

namespace {

bool has(const sim::experiment& one, const std::string& part) {
    const auto parts = sim::parts_of(sim::draw_scenario(one.name, one.seed));
    return std::find(parts.begin(), parts.end(), part) != parts.end() && std::find(one.without.begin(), one.without.end(), part) == one.without.end();
}

// A seed whose scenario has much to leave out.
sim::experiment rich() {
    for (std::uint64_t seed = 1;; ++seed) {
        sim::experiment one{"swarm", seed, {}, {}, 0, false};
        const sim::scenario drawn = one.draw();
        if (drawn.mishaps.size() >= 6 && drawn.applications.size() == 3 && has(one, "store-stalls") && has(one, "vacuum")) return one;
    }
}

TEST(shrink, leaves_exactly_what_the_failure_needs) {
    const sim::experiment whole = rich();
    std::size_t tries = 0;
    const auto needs = [&](const sim::experiment& one) -> std::optional<sim::experiment> {
        ++tries;
        const bool fails = has(one, "mishap2") && has(one, "mishap5") && has(one, "store-stalls") && has(one, "database3") && one.draw().trouble >= std::chrono::seconds(2);
        return fails ? std::optional(one) : std::nullopt;
    };
    const sim::experiment least = sim::shrink(whole, needs);
    const sim::scenario left = least.draw();
    const sim::scenario drawn = whole.draw();
    ASSERT_EQ(left.mishaps.size(), 2U);
    EXPECT_EQ(left.mishaps[0].at, drawn.mishaps[1].at);
    EXPECT_EQ(left.mishaps[1].at, drawn.mishaps[4].at);
    ASSERT_EQ(left.applications.size(), 1U);
    EXPECT_EQ(left.applications[0].words(), [&] {
        auto plain = drawn.applications[2];
        plain.vacuum_rate = plain.reopen_rate = plain.checkpoint_rate = plain.rollback_rate = 0;
        return plain.words();
    }());
    EXPECT_NE(left.store.stalled, 0U);
    EXPECT_EQ(left.store.rejected + left.store.reply_lost + left.store.denied + left.flush_rate, 0U);
    EXPECT_LT(left.trouble, std::chrono::seconds(4));
    EXPECT_LT(tries, 300U);
}

TEST(shrink, goes_on_in_the_world_in_which_it_failed) {
    const auto elsewhere = [](const sim::experiment& one) -> std::optional<sim::experiment> {
        sim::experiment found = one;
        found.world = 5;
        return found;
    };
    const sim::experiment least = sim::shrink(rich(), elsewhere);
    EXPECT_EQ(least.world, 5U);
    EXPECT_EQ(least.draw().mishaps.size(), 0U);
    EXPECT_NE(least.words().find(" --world 5 --without "), std::string::npos) << least.words();
}

TEST(shrink, what_never_fails_again_stays_as_it_was) {
    const sim::experiment whole = rich();
    EXPECT_EQ(sim::shrink(whole, [](const sim::experiment&) -> std::optional<sim::experiment> { return std::nullopt; }).words(), whole.words());
}

TEST(shrink, numbers_do_not_make_another_failure) {
    EXPECT_TRUE(sim::same_failure("db1 at TXID 32: what is restored was never written", "db2 at TXID 7: what is restored was never written"));
    EXPECT_TRUE(sim::same_failure("transaction 00ab12 is lost", "transaction ffff01 is lost"));
    EXPECT_FALSE(sim::same_failure("db1: integrity_check", "db1 at TXID 32: what is restored was never written"));
    EXPECT_FALSE(sim::same_failure("db1: integrity_check", ""));
}

TEST(parts, one_that_a_scenario_does_not_have_is_refused_and_so_is_leaving_no_database) {
    sim::experiment one{"calm", 1, {}, {"mishap1"}, 0, false};
    EXPECT_THROW((void)one.draw(), std::invalid_argument);
    one.without.clear();
    for (std::size_t i = 1, all = one.draw().applications.size(); i <= all; ++i) one.without.push_back("database" + std::to_string(i));
    EXPECT_THROW((void)one.draw(), std::invalid_argument);
}

}  // namespace
