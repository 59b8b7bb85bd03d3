#include "io/clock.h"

#include <gtest/gtest.h>

#include <boost/asio/post.hpp>

#include "tests/support/real_environment.h"

namespace {

using namespace std::chrono_literals;

std::int64_t parsed(const std::string& text) {
    std::int64_t out = -7;
    EXPECT_TRUE(io::parse_time(text, out)) << text;
    return out;
}

TEST(clock, format_time_is_utc_with_milliseconds) {
    EXPECT_EQ(io::format_time(0), "1970-01-01T00:00:00.000Z");
    EXPECT_EQ(io::format_time(1'700'000'000'123), "2023-11-14T22:13:20.123Z");
    EXPECT_EQ(io::format_time(-1), "1969-12-31T23:59:59.999Z");
    EXPECT_EQ(io::format_time(951'782'400'000), "2000-02-29T00:00:00.000Z");
}

TEST(clock, what_format_time_prints_parse_time_reads) {
    std::uint64_t dice = 88172645463325252ULL;
    for (int i = 0; i < 20000; ++i) {
        dice ^= dice << 13U;
        dice ^= dice >> 7U;
        dice ^= dice << 17U;
        const auto ms = static_cast<std::int64_t>(dice % 253'402'300'800'000ULL);  // up to the year 9999
        ASSERT_EQ(parsed(io::format_time(ms)), ms) << io::format_time(ms);
    }
}

TEST(clock, parse_time_takes_the_forms_that_people_write) {
    const std::int64_t expected = 1'795'420'800'000;
    EXPECT_EQ(parsed("2026-11-23T08:00:00Z"), expected);
    EXPECT_EQ(parsed("2026-11-23T08:00:00"), expected);
    EXPECT_EQ(parsed("2026-11-23 08:00:00"), expected);
    EXPECT_EQ(parsed("2026-11-23T09:00:00+01:00"), expected);
    EXPECT_EQ(parsed("2026-11-23T09:00:00+0100"), expected);
    EXPECT_EQ(parsed("2026-11-22T18:30:00-13:30"), expected);
    EXPECT_EQ(parsed("2026-11-23T08:00:00.5Z"), expected + 500);
    EXPECT_EQ(parsed("2026-11-23T08:00:00.123456789Z"), expected + 123);
    EXPECT_EQ(parsed("2026-11-23T08:00:00.001+00:00"), expected + 1);
    EXPECT_EQ(parsed("2024-02-29T00:00:00Z"), 1'709'164'800'000);
}

TEST(clock, parse_time_refuses_everything_else_and_touches_nothing) {
    for (const std::string text :
         {"", "now", "2026", "2026-11-23", "2026-11-23T08", "2026-11-23T08:00", "2026-11-23T08:00:00 Z", "2026-11-23T08:00:00.Z", "2026-11-23T08:00:00.",
          "2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z", "2026-02-29T00:00:00Z", "2100-02-29T00:00:00Z", "2026-04-31T00:00:00Z", "2026-01-00T00:00:00Z",
          "2026-01-01T24:00:00Z", "2026-01-01T00:60:00Z", "2026-01-01T00:00:61Z", "2026-01-01T00:00:00+24:00", "2026-01-01T00:00:00+00:60",
          "2026-01-01T00:00:00+1", "2026-01-01T00:00:00Zx", "2026-01-01T00:00:00Z ", " 2026-01-01T00:00:00Z", "1969-12-31T23:59:59Z", "26-01-01T00:00:00Z",
          "2026/01/01T00:00:00Z", "+026-01-01T00:00:00Z", "2026-1-01T00:00:00Z", "2026-01-01T-1:00:00Z"}) {
        std::int64_t out = 42;
        EXPECT_FALSE(io::parse_time(text, out)) << text;
        EXPECT_EQ(out, 42) << text;
    }
}

TEST(clock, a_sleep_ends_at_its_time_and_not_before) {
    tests::real_environment real;
    const io::instant begin = real.env.time.now();
    real.run(io::sleep_for(real.env.time, 20ms));
    EXPECT_GE(real.env.time.now() - begin, 20ms);
}

TEST(clock, a_wait_for_ever_ends_when_it_is_canceled) {
    tests::real_environment real;
    const auto timer = real.env.time.make_timer(real.env.on);
    const auto wait = [&]() -> io::task<void> {
        boost::asio::post(real.env.on, [&] { timer->cancel(); });  // comes to its turn when this coroutine waits
        co_await timer->wait_until(io::instant::max());
    };
    real.run(wait());
    real.run(timer->wait_until(io::instant()));  // long past: at once
}

TEST(clock, wall_time_is_milliseconds_since_1970) {
    const io::real_clock time;
    EXPECT_GT(time.wall_ms(), 1'700'000'000'000);
    EXPECT_LT(time.wall_ms(), 10'000'000'000'000);
}

}  // namespace
