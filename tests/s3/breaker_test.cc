#include "s3/breaker.h"

#include <gtest/gtest.h>

namespace {

using namespace std::chrono_literals;

class shortest_dice final : public io::random {
public:
    std::uint64_t next() override { return 0; }
};

const s3::breaker_policy policy{3, {800ms, 3200ms}};  // pauses of 100, 200, 400, 400 ms with these dice
const io::instant start{};

struct breaker : testing::Test {
    s3::breaker it{policy};
    shortest_dice dice;

    void fail(int times, io::instant now = start) {
        for (int i = 0; i < times; ++i) it.failed(now, dice);
    }
};

TEST_F(breaker, opens_after_a_row_of_failures_and_not_before) {
    fail(2);
    EXPECT_EQ(it.admit(start), 0ns);
    fail(1);
    EXPECT_TRUE(it.open());
    EXPECT_EQ(it.admit(start), 100ms);
    EXPECT_EQ(it.admit(start + 30ms), 70ms);
    EXPECT_EQ(it.openings(), 1U);
}

TEST_F(breaker, an_answer_in_between_starts_the_row_anew) {
    for (int i = 0; i < 10; ++i) {
        fail(2);
        it.answered();
    }
    EXPECT_FALSE(it.open());
    EXPECT_EQ(it.admit(start), 0ns);
}

TEST_F(breaker, one_request_tries_and_the_others_wait_for_its_fate) {
    fail(3);
    EXPECT_EQ(it.admit(start + 100ms), 0ns);
    EXPECT_GT(it.admit(start + 100ms), 0ns);
    EXPECT_GT(it.admit(start + 1h), 0ns);
    it.answered();
    EXPECT_EQ(it.admit(start + 1h), 0ns);
    EXPECT_EQ(it.admit(start + 1h), 0ns);
    EXPECT_FALSE(it.open());
}

TEST_F(breaker, each_failed_try_makes_the_pause_longer_up_to_the_most) {
    io::instant now = start;
    fail(3, now);
    for (const io::duration pause : {100ms, 200ms, 400ms, 400ms}) {
        EXPECT_EQ(it.admit(now), pause);
        now += pause;
        EXPECT_EQ(it.admit(now), 0ns);
        fail(1, now);
    }
    it.failed(now, dice);
    now += 400ms;
    EXPECT_EQ(it.admit(now), 0ns);
    it.answered();
    fail(3, now);
    EXPECT_EQ(it.admit(now), 100ms) << "after an answer the pauses begin anew";
}

TEST_F(breaker, failures_of_requests_that_were_under_way_prolong_nothing) {
    fail(3);
    fail(20, start + 99ms);
    EXPECT_EQ(it.admit(start + 100ms), 0ns);
    EXPECT_EQ(it.openings(), 1U);
}

TEST_F(breaker, an_abandoned_try_leaves_the_next_one_free) {
    fail(3);
    EXPECT_EQ(it.admit(start + 100ms), 0ns);
    it.abandoned();
    EXPECT_TRUE(it.open());
    EXPECT_EQ(it.admit(start + 100ms), 0ns);
    it.answered();
    it.abandoned();
    EXPECT_FALSE(it.open());
}

}  // namespace
