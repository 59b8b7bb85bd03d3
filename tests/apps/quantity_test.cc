#include "apps/quantity.h"

#include <gtest/gtest.h>

namespace {

using namespace std::chrono_literals;

TEST(quantity, durations) {
    EXPECT_EQ(*apps::parse_duration("500ms"), io::duration(500ms));
    EXPECT_EQ(*apps::parse_duration("10s"), io::duration(10s));
    EXPECT_EQ(*apps::parse_duration("2m"), io::duration(2min));
    EXPECT_EQ(*apps::parse_duration("24h"), io::duration(24h));
    EXPECT_EQ(*apps::parse_duration("0"), io::duration(0s));
    EXPECT_EQ(*apps::parse_duration("0s"), io::duration(0s));
    EXPECT_EQ(*apps::parse_duration("87600h"), io::duration(87'600h));
}

TEST(quantity, what_is_no_duration_is_a_usage_error_that_quotes_it) {
    for (const char* text : {"", "5", "s", "-1s", "+1s", "1.5s", "10 s", "10S", "10sec", "1d", "87601h", "99999999999999999999s", "18446744073709551615h", "1s "}) {
        const auto parsed = apps::parse_duration(text);
        ASSERT_FALSE(parsed.has_value()) << text;
        EXPECT_EQ(parsed.error().code, io::errc::invalid);
        EXPECT_EQ(parsed.error().about, io::subject::usage);
        EXPECT_NE(parsed.error().context.find("\"" + std::string(text) + "\""), std::string::npos);
    }
}

TEST(quantity, sizes) {
    EXPECT_EQ(*apps::parse_size("65536"), 65'536U);
    EXPECT_EQ(*apps::parse_size("0"), 0U);
    EXPECT_EQ(*apps::parse_size("64KiB"), 65'536U);
    EXPECT_EQ(*apps::parse_size("4MiB"), 4'194'304U);
    EXPECT_EQ(*apps::parse_size("3GiB"), 3'221'225'472U);
    EXPECT_EQ(*apps::parse_size("64KB"), 64'000U);
    EXPECT_EQ(*apps::parse_size("10MB"), 10'000'000U);
    EXPECT_EQ(*apps::parse_size("3GB"), 3'000'000'000U);
}

TEST(quantity, what_is_no_size_is_a_usage_error) {
    for (const char* text : {"", "MiB", "-1", "1.5MiB", "4 MiB", "4mib", "4M", "4B", "0x10", "9007199254740993", "18446744073709551616", "9999999999GiB"}) {
        const auto parsed = apps::parse_size(text);
        ASSERT_FALSE(parsed.has_value()) << text;
        EXPECT_EQ(parsed.error().about, io::subject::usage);
    }
}

TEST(quantity, a_shown_duration_can_be_read_back) {
    for (const io::duration one : {io::duration(0s), io::duration(1ms), io::duration(1500ms), io::duration(90s), io::duration(2h), io::duration(24h)})
        EXPECT_EQ(*apps::parse_duration(apps::show_duration(one)), one) << apps::show_duration(one);
    EXPECT_EQ(apps::show_duration(90s), "90s");
    EXPECT_EQ(apps::show_duration(2min), "2m");
}

TEST(quantity, shown_sizes) {
    EXPECT_EQ(apps::show_size(17), "17 bytes");
    EXPECT_EQ(apps::show_size(1536), "1.5 KiB");
    EXPECT_EQ(apps::show_size(3U << 20U), "3.0 MiB");
    EXPECT_EQ(apps::show_size(std::uint64_t{5} << 30U), "5.0 GiB");
}

}  // namespace
