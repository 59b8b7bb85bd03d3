#include "io/retry.h"

#include <gtest/gtest.h>

namespace {

using namespace std::chrono_literals;

class fixed_dice final : public io::random {
public:
    explicit fixed_dice(std::uint64_t value) : value_(value) {}
    std::uint64_t next() override { return value_; }

private:
    std::uint64_t value_;
};

TEST(backoff, the_ceiling_doubles_up_to_the_most) {
    io::backoff pause{io::retry_policy{100ms, 1s}};
    for (const io::duration ceiling : {100ms, 200ms, 400ms, 800ms, 1000ms, 1000ms}) {
        fixed_dice lowest(0);
        io::backoff same = pause;
        EXPECT_EQ(same.next(lowest), ceiling / 8);
        fixed_dice highest(static_cast<std::uint64_t>((ceiling - ceiling / 8).count()));
        EXPECT_EQ(pause.next(highest), ceiling);
    }
    EXPECT_EQ(pause.tries(), 6U);
}

TEST(backoff, a_success_starts_over) {
    io::backoff pause{io::retry_policy{100ms, 1s}};
    fixed_dice lowest(0);
    for (int i = 0; i < 5; ++i) (void)pause.next(lowest);
    pause.reset();
    EXPECT_EQ(pause.tries(), 0U);
    EXPECT_EQ(pause.next(lowest), io::duration(100ms) / 8);
}

TEST(backoff, every_draw_is_within_its_bounds_and_they_differ) {
    io::real_random dice;
    io::backoff pause{io::retry_policy{1s, 1s}};
    io::duration least = 2s, most = 0s;
    for (int i = 0; i < 1000; ++i) {
        const io::duration drawn = pause.next(dice);
        ASSERT_GE(drawn, 125ms);
        ASSERT_LE(drawn, 1s);
        least = std::min(least, drawn);
        most = std::max(most, drawn);
    }
    EXPECT_LT(least, 300ms);
    EXPECT_GT(most, 800ms);
}

TEST(backoff, a_thousand_tries_do_not_overflow) {
    io::real_random dice;
    io::backoff pause{io::retry_policy{1ns, 24h * 365 * 200}};
    for (int i = 0; i < 1000; ++i) EXPECT_GE(pause.next(dice), 0ns);
}

TEST(random, two_generators_are_not_the_same) {
    io::real_random a, b;
    EXPECT_NE(a.next(), b.next());
    EXPECT_NE(a.next(), a.next());
}

}  // namespace
