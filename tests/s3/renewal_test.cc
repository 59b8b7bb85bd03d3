#include "s3/renewal.h"

#include <gtest/gtest.h>

namespace {

using step = s3::renewal::step;

constexpr std::int64_t minute = 60'000;
constexpr std::int64_t start = 1'000'000'000'000;

s3::credentials until(std::optional<std::int64_t> expires_ms) { return {"A", s3::secret("S"), s3::secret("T"), expires_ms}; }

TEST(renewal, nothing_is_there_before_the_first) {
    const s3::renewal it;
    EXPECT_EQ(it.decide(start), step::renew_first);
    EXPECT_TRUE(it.expired(start));
}

TEST(renewal, keys_without_expiry_last) {
    s3::renewal it;
    it.obtained(until({}), start);
    EXPECT_EQ(it.decide(start + 1'000'000 * minute), step::use);
    EXPECT_FALSE(it.expired(start + 1'000'000 * minute));
    it.refused();
    EXPECT_EQ(it.decide(start), step::renew_first);
    EXPECT_TRUE(it.expired(start));
}

TEST(renewal, in_the_background_first_then_before_the_request) {
    s3::renewal it;
    it.obtained(until(start + 60 * minute), start);
    EXPECT_EQ(it.decide(start), step::use);
    EXPECT_EQ(it.decide(start + 45 * minute - 1), step::use);
    EXPECT_EQ(it.decide(start + 45 * minute), step::use_and_renew);
    EXPECT_EQ(it.decide(start + 59 * minute - 1), step::use_and_renew);
    EXPECT_EQ(it.decide(start + 59 * minute), step::renew_first);
    EXPECT_FALSE(it.expired(start + 60 * minute - 1));
    EXPECT_TRUE(it.expired(start + 60 * minute));
    EXPECT_EQ(it.decide(start + 60 * minute), step::renew_first);
    it.obtained(until(start + 120 * minute), start + 50 * minute);
    EXPECT_EQ(it.decide(start + 60 * minute), step::use);
}

TEST(renewal, short_lives_are_used_for_most_of_them) {
    s3::renewal it;
    it.obtained(until(start + 16'000), start);
    EXPECT_EQ(it.decide(start + 11'999), step::use);
    EXPECT_EQ(it.decide(start + 12'000), step::use_and_renew);
    EXPECT_EQ(it.decide(start + 15'000), step::renew_first);
    it.obtained(until(start - minute), start);
    EXPECT_TRUE(it.expired(start)) << "expired when they came";
}

TEST(renewal, a_failure_pauses_the_background_but_not_beyond_the_expiry) {
    s3::renewal it;
    it.obtained(until(start + 60 * minute), start);
    it.failed(start + 45 * minute);
    EXPECT_EQ(it.decide(start + 45 * minute + 29'999), step::use);
    EXPECT_EQ(it.decide(start + 45 * minute + 30'000), step::use_and_renew);
    it.failed(start + 60 * minute - 10'000);
    EXPECT_EQ(it.decide(start + 60 * minute - 1), step::use);
    EXPECT_EQ(it.decide(start + 60 * minute), step::renew_first);
}

TEST(renewal, the_same_credentials_again_are_not_asked_for_in_a_hurry) {
    s3::renewal it;
    it.obtained(until(start + 60 * minute), start);
    it.obtained(until(start + 60 * minute), start + 50 * minute);
    EXPECT_EQ(it.decide(start + 50 * minute + 29'999), step::use);
    EXPECT_EQ(it.decide(start + 59 * minute), step::use_and_renew) << "a quarter of what is left";
}

TEST(renewal, refused_ones_are_replaced_first) {
    s3::renewal it;
    it.obtained(until(start + 60 * minute), start);
    it.refused();
    EXPECT_EQ(it.decide(start), step::renew_first);
    it.obtained(until(start + 61 * minute), start);
    EXPECT_EQ(it.decide(start), step::use);
}

}  // namespace
