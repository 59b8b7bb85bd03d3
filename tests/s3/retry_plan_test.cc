#include "s3/retry_plan.h"

#include <gtest/gtest.h>

namespace {

using namespace std::chrono_literals;
using kind = s3::next_step::kind;

// Always the longest wait that the ceiling allows, or the shortest.
class loaded_dice final : public io::random {
public:
    explicit loaded_dice(std::uint64_t value) : value_(value) {}
    std::uint64_t next() override { return value_; }

private:
    std::uint64_t value_;
};

s3::attempt failing(io::errc code) {
    s3::attempt out;
    out.what.error = {code, io::subject::store, "x"};
    out.answered = true;
    return out;
}

const io::retry_policy policy{100ms, 800ms};
const io::instant start{};

TEST(retry_plan, only_what_may_help_is_tried_again) {
    loaded_dice dice(0);
    for (const auto code : {io::errc::busy, io::errc::io_failure, io::errc::timed_out})
        EXPECT_EQ(s3::retry_plan(policy, start + 1h).after(failing(code), start, dice).what, kind::try_again) << io::name(code);
    for (const auto code : {io::errc::outcome_unknown, io::errc::already_exists, io::errc::precondition_failed, io::errc::not_found, io::errc::access_denied,
                            io::errc::invalid, io::errc::unsupported, io::errc::too_large, io::errc::no_space, io::errc::corrupt, io::errc::canceled})
        EXPECT_EQ(s3::retry_plan(policy, start + 1h).after(failing(code), start, dice).what, kind::give_up) << io::name(code);
}

TEST(retry_plan, waits_grow_to_the_ceiling_with_full_jitter) {
    loaded_dice shortest(0);
    s3::retry_plan plan(policy, start + 1h);
    for (const io::duration least : {12500us, 25000us, 50000us, 100000us, 100000us})
        EXPECT_EQ(plan.after(failing(io::errc::busy), start, shortest).wait, least);
    // The largest value of the dice that keeps the draw at the top of the first interval.
    loaded_dice longest(static_cast<std::uint64_t>(io::duration(87500us).count()));
    EXPECT_EQ(s3::retry_plan(policy, start + 1h).after(failing(io::errc::busy), start, longest).wait, 100ms);
}

TEST(retry_plan, the_servers_wish_is_the_least) {
    loaded_dice dice(0);
    s3::retry_plan plan(policy, start + 1h);
    auto slow_down = failing(io::errc::busy);
    slow_down.what.retry_after = 5s;
    EXPECT_EQ(plan.after(slow_down, start, dice).wait, 5s);
    slow_down.what.retry_after = 0s;
    EXPECT_EQ(plan.after(slow_down, start, dice).wait, 25ms);
}

TEST(retry_plan, the_deadline_bounds_everything) {
    loaded_dice dice(0);
    auto slow_down = failing(io::errc::busy);
    slow_down.what.retry_after = 5s;
    EXPECT_EQ(s3::retry_plan(policy, start + 5s).after(slow_down, start, dice).what, kind::give_up);
    EXPECT_EQ(s3::retry_plan(policy, start + 5s + 1ns).after(slow_down, start, dice).what, kind::try_again);
    EXPECT_EQ(s3::retry_plan(policy, start).after(failing(io::errc::busy), start, dice).what, kind::give_up);
    auto early = failing(io::errc::io_failure);
    early.reused = true;
    early.answered = false;
    EXPECT_EQ(s3::retry_plan(policy, start).after(early, start, dice).what, kind::give_up);
    int attempts = 0;
    s3::retry_plan plan(policy, start + 10s);
    for (io::instant now = start;; ++attempts) {
        const auto step = plan.after(failing(io::errc::timed_out), now, dice);
        if (step.what == kind::give_up) break;
        ASSERT_GT(step.wait, 0ns);
        now += step.wait;
    }
    EXPECT_LT(attempts, 110);
}

TEST(retry_plan, a_kept_connection_that_died_before_its_first_byte_costs_no_wait_once) {
    loaded_dice dice(0);
    s3::retry_plan plan(policy, start + 1h);
    auto died = failing(io::errc::io_failure);
    died.reused = true;
    died.answered = false;
    auto step = plan.after(died, start, dice);
    EXPECT_EQ(step.what, kind::try_again);
    EXPECT_EQ(step.wait, 0ns);
    step = plan.after(died, start, dice);
    EXPECT_EQ(step.what, kind::try_again);
    EXPECT_GT(step.wait, 0ns);
    for (const auto& [reused, answered, code] : {std::tuple{false, false, io::errc::io_failure}, {true, true, io::errc::io_failure}, {true, false, io::errc::timed_out}}) {
        auto other = failing(code);
        other.reused = reused;
        other.answered = answered;
        EXPECT_GT(s3::retry_plan(policy, start + 1h).after(other, start, dice).wait, 0ns);
    }
    died.what.error.code = io::errc::outcome_unknown;
    EXPECT_EQ(s3::retry_plan(policy, start + 1h).after(died, start, dice).what, kind::give_up);
}

TEST(retry_plan, the_clock_is_learned_once_and_credentials_are_renewed_once) {
    loaded_dice dice(0);
    s3::retry_plan plan(policy, start + 1h);
    auto skewed = failing(io::errc::access_denied);
    skewed.what.server_ms = 1000;
    auto step = plan.after(skewed, start, dice);
    EXPECT_TRUE(step.learn_clock);
    EXPECT_FALSE(step.renew_credentials);
    EXPECT_EQ(step.what, kind::try_again);
    EXPECT_EQ(step.wait, 0ns);
    EXPECT_EQ(plan.after(skewed, start, dice).what, kind::give_up);
    auto expired = failing(io::errc::access_denied);
    expired.what.credentials_expired = true;
    step = plan.after(expired, start, dice);
    EXPECT_TRUE(step.renew_credentials);
    EXPECT_FALSE(step.learn_clock);
    EXPECT_EQ(step.what, kind::try_again);
    EXPECT_EQ(plan.after(expired, start, dice).what, kind::give_up);
}

}  // namespace
