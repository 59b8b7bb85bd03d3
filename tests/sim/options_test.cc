#include "tests/sim/options.h"

#include <gtest/gtest.h>

#include "tests/sim/commit.h"

namespace {

// The exit code in `code`, if it is not to run.
std::optional<sim::options> read(std::vector<std::string> words, int& code) {
    words.insert(words.begin(), "build/flotilla-dst");
    std::vector<char*> raw;
    for (auto& each : words) raw.push_back(each.data());
    testing::internal::CaptureStdout();
    testing::internal::CaptureStderr();
    auto out = sim::read_options(static_cast<int>(raw.size()), raw.data(), code);
    (void)testing::internal::GetCapturedStdout();
    (void)testing::internal::GetCapturedStderr();
    return out;
}

TEST(options, what_cannot_be_run_is_exit_code_2) {
    const std::vector<std::vector<std::string>> wrong = {
        {"--seed", "3x"}, {"--seed", ""}, {"--scenario", "none"}, {"--count", "5", "--minutes", "1"}, {"--shrink"}, {"--shrink", "--scenario", "swarm", "--count", "2"},
        {"--without", "mishap1"}, {"--scenario", "calm", "--without", "mishap1"}, {"--scenario", "calm", "--without", "flushes", "--count", "2"}, {"--jobs", "0"}, {"--unknown"}};
    for (const auto& words : wrong) {
        int code = 0;
        EXPECT_FALSE(read(words, code)) << words[0];
        EXPECT_EQ(code, 2) << words[0];
    }
    int code = 1;
    EXPECT_FALSE(read({"--help"}, code));
    EXPECT_EQ(code, 0);
}

TEST(options, are_taken_as_they_are_given) {
    int code = 0;
    const auto plain = read({}, code);
    ASSERT_TRUE(plain);
    EXPECT_EQ(plain->seed, 1U);
    EXPECT_EQ(plain->count, 1U);
    EXPECT_EQ(plain->twice, 0U);
    EXPECT_GE(plain->jobs, 1U);
    EXPECT_EQ(plain->program, "build/flotilla-dst");
    const auto full = read({"--scenario", "swarm", "--seed", "18446744073709551615", "--world", "7", "--without", "flushes", "--trouble", "500", "--check-determinism", "--json"}, code);
    ASSERT_TRUE(full);
    EXPECT_EQ(full->seed, UINT64_MAX);
    EXPECT_EQ(full->twice, 100U);
    EXPECT_TRUE(full->json);
    sim::experiment one = full->changes;
    one.name = full->scenario;
    one.seed = full->seed;
    EXPECT_EQ(one.words(), "--scenario swarm --seed 18446744073709551615 --world 7 --without flushes --trouble 500");
}

TEST(options, a_commit_has_a_seed_of_its_own) {
    int code = 0;
    const auto asked = read({"--seed", "commit", "--check-determinism", "5"}, code);
    ASSERT_TRUE(asked);
    EXPECT_TRUE(asked->of_commit);
    EXPECT_EQ(asked->twice, 5U);
    EXPECT_EQ(asked->seed, sim::seed_of_commit());
    EXPECT_EQ(asked->seed, sim::commit() == "unknown" ? 1U : std::stoull(sim::commit().substr(0, 8), nullptr, 16));
}

}  // namespace
