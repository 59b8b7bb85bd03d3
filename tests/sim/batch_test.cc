#include "tests/sim/batch.h"

#include <gtest/gtest.h>

namespace {

sim::options few(std::uint64_t count) {
    sim::options out;
    out.count = count;
    out.jobs = 2;
    out.limit_s = 600;
    out.changes.trouble_ms = 1000;
    out.program = "build/flotilla-dst";
    return out;
}

TEST(batch, takes_the_scenarios_in_turn_and_counts_second_runs_apart) {
    sim::options asked = few(3);
    asked.twice = 100;
    asked.hashes = true;
    testing::internal::CaptureStdout();
    const sim::totals all = sim::run_batch(asked);
    const std::string printed = testing::internal::GetCapturedStdout();
    EXPECT_EQ(all.runs, 3U);
    EXPECT_EQ(all.twice, 3U);
    EXPECT_EQ(all.all_steps, 2 * all.sum.steps);
    EXPECT_TRUE(all.failures.empty());
    EXPECT_EQ(printed.find(sim::scenario_names()[0] + " 1: hash "), 0U) << printed;
    EXPECT_NE(printed.find("\n" + sim::scenario_names()[1] + " 2: hash "), std::string::npos) << printed;
    EXPECT_NE(printed.find("\n" + sim::scenario_names()[2] + " 3: hash "), std::string::npos) << printed;
    EXPECT_NE(all.json(2).find("\"runs\":3,\"twice\":3,\"failed\":0,\"failures\":[],"), std::string::npos) << all.json(2);
    EXPECT_EQ(all.words(2).find("3 seeds, 3 of them twice, 0 failed; commit "), 0U) << all.words(2);
}

TEST(batch, of_what_fails_it_says_what_it_was_what_happened_and_how_to_repeat_it) {
    sim::options asked = few(1);
    asked.scenario = "canary";
    testing::internal::CaptureStderr();
    const sim::totals all = sim::run_batch(asked);
    const std::string said = testing::internal::GetCapturedStderr();
    EXPECT_NE(said.find("is restored: transaction "), std::string::npos) << said;
    EXPECT_NE(said.find("\n--scenario canary --seed 1 --trouble 1000, commit "), std::string::npos) << said;
    EXPECT_NE(said.find("\nFAILED: db"), std::string::npos) << said;
    EXPECT_NE(said.find("\nrepeat with: build/flotilla-dst --scenario canary --seed 1 --trouble 1000 --loud\n"), std::string::npos) << said;
    EXPECT_NE(all.json(1).find("\"failures\":[{\"scenario\":\"canary\",\"seed\":1,\"options\":\"--scenario canary --seed 1 --trouble 1000\",\"failed\":\"db"), std::string::npos) << all.json(1);
}

TEST(batch, a_list_of_regressions_that_is_not_there_is_an_error) {
    sim::options asked = few(1);
    asked.regressions = "/nowhere/regressions.txt";
    EXPECT_THROW((void)sim::run_batch(asked), std::runtime_error);
}

}  // namespace
