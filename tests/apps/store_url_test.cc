#include "apps/store_url.h"

#include <gtest/gtest.h>

namespace {

TEST(store_url, paths_are_taken_as_they_are) {
    for (const char* path : {"/backup", "backup", "./a b%20c", "a/b://c", "C:backup"}) EXPECT_EQ(*apps::directory_of(path), path);
}

TEST(store_url, file_urls_are_decoded) {
    EXPECT_EQ(*apps::directory_of("file:///backup"), "/backup");
    EXPECT_EQ(*apps::directory_of("file:///a%20b%25/%C3%BC"), "/a b%/\xc3\xbc");
}

TEST(store_url, what_makes_no_sense_is_a_usage_error_that_quotes_it) {
    for (const char* url : {"", "s3://bucket/prefix", "http://host/x", "file://host/x", "file://", "file:///", "file:///a%2", "file:///a%zz", "file:///a%00", "://x"}) {
        const auto directory = apps::directory_of(url);
        ASSERT_FALSE(directory.has_value()) << url;
        EXPECT_EQ(directory.error().code, io::errc::invalid);
        EXPECT_EQ(directory.error().about, io::subject::usage);
        EXPECT_NE(directory.error().context.find(url), std::string::npos);
    }
}

}  // namespace
