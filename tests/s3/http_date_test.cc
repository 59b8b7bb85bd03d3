#include "s3/http_date.h"

#include <gtest/gtest.h>

namespace {

using namespace std::chrono_literals;

TEST(http_date, all_three_forms) {
    constexpr std::int64_t at = 784111777000;  // 1994-11-06T08:49:37Z
    EXPECT_EQ(s3::parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT"), at);
    EXPECT_EQ(s3::parse_http_date("Sunday, 06-Nov-94 08:49:37 GMT"), at);
    EXPECT_EQ(s3::parse_http_date("Sun Nov  6 08:49:37 1994"), at);
    EXPECT_EQ(s3::parse_http_date("Thu, 29 Feb 2024 23:59:60 GMT"), 1709251200000);
    EXPECT_EQ(s3::parse_http_date("Tuesday, 24-Nov-26 06:41:41 GMT"), 1795502501000);
}

TEST(http_date, anything_else_is_nothing) {
    for (const char* text : {"", "GMT", "yesterday", "Sun, 06 Nov 1994 08:49:37", "Sun, 06 Nov 1994 08:49:37 PST", "Sun, 06 Nov 194 08:49:37 GMT",
                             "Sun, 31 Feb 1994 08:49:37 GMT", "Sun, 29 Feb 2023 08:49:37 GMT", "Sun, 06 Foo 1994 08:49:37 GMT", "Sun, 06 Nov 1994 24:00:00 GMT",
                             "Sun, 06 Nov 1994 8:49:37 GMT", "Sun, 06 Nov 1994 08:49 GMT", "Sun, 0 Nov 1994 08:49:37 GMT", "1994-11-06T08:49:37Z",
                             "Sun, 06 Nov 1994 08:49:37 GMT GMT", "Sun, 06 Nov 199999999994 08:49:37 GMT", "Sun, 06 Nov -994 08:49:37 GMT"})
        EXPECT_FALSE(s3::parse_http_date(text)) << text;
}

TEST(http_date, retry_after_is_seconds_or_a_date) {
    constexpr std::int64_t now = 784111777000;
    EXPECT_EQ(s3::parse_retry_after("0", now), 0s);
    EXPECT_EQ(s3::parse_retry_after("120", now), 120s);
    EXPECT_EQ(s3::parse_retry_after("Sun, 06 Nov 1994 08:49:57 GMT", now), 20s);
    EXPECT_EQ(s3::parse_retry_after("Sun, 06 Nov 1994 08:49:07 GMT", now), 0s);
    EXPECT_EQ(s3::parse_retry_after("Sun, 06 Nov 2094 08:49:07 GMT", now), 24h);
    EXPECT_EQ(s3::parse_retry_after("999999999999999999999", now), 24h);
    EXPECT_EQ(s3::parse_retry_after("86401", now), 24h);
    for (const char* text : {"", "-1", "1.5", "soon", "1s", " 1"}) EXPECT_FALSE(s3::parse_retry_after(text, now)) << text;
}

}  // namespace
