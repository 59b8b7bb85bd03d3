#include "s3/uri.h"

#include <gtest/gtest.h>

namespace {

TEST(uri, odd_keys_are_encoded_once_and_slashes_stay) {
    const std::pair<const char*, const char*> table[] = {
        {"a/b c", "a/b%20c"},
        {"a+b", "a%2Bb"},
        {"100%", "100%25"},
        {"%20", "%2520"},
        {"a?b#c", "a%3Fb%23c"},
        {"\xc3\xa9\xf0\x9f\x9a\xa2", "%C3%A9%F0%9F%9A%A2"},
        {"a//b/./c/../d", "a//b/./c/../d"},
        {"!*'();:@&=$,[]", "%21%2A%27%28%29%3B%3A%40%26%3D%24%2C%5B%5D"},
        {"\x01\x7f\\\"<>^`{|}", "%01%7F%5C%22%3C%3E%5E%60%7B%7C%7D"},
        {"-._~", "-._~"},
        {"", ""},
    };
    for (const auto& [key, path] : table) {
        EXPECT_EQ(s3::encode_path(key), path);
        EXPECT_EQ(s3::decode(path, s3::plus::literal), key);
    }
    EXPECT_EQ(s3::encode_component("a/b c"), "a%2Fb%20c");
}

TEST(uri, every_byte_but_nul_survives_the_round_trip) {
    std::string all;
    for (int c = 1; c < 256; ++c) all += static_cast<char>(c);
    EXPECT_EQ(s3::decode(s3::encode_component(all), s3::plus::space), all);
    EXPECT_EQ(s3::decode(s3::encode_path(all), s3::plus::literal), all);
}

TEST(uri, a_plus_is_a_space_only_where_it_means_one) {
    EXPECT_EQ(s3::decode("a+b%2Bc", s3::plus::space), "a b+c");
    EXPECT_EQ(s3::decode("a+b%2bc", s3::plus::literal), "a+b+c");
}

TEST(uri, broken_escapes_are_refused) {
    for (const char* text : {"%", "%2", "a%zz", "%2g", "%%41", "%00", "a%"}) EXPECT_FALSE(s3::decode(text, s3::plus::space)) << text;
    EXPECT_FALSE(s3::decode(std::string_view("a\0b", 3), s3::plus::literal));
}

TEST(uri, a_query_is_sorted_by_what_goes_on_the_wire) {
    EXPECT_EQ(s3::encode_query({{"prefix", "a/b"}, {"list-type", "2"}, {"delimiter", "/"}}), "delimiter=%2F&list-type=2&prefix=a%2Fb");
    EXPECT_EQ(s3::encode_query({{"b", "2"}, {"b", "1"}, {"a-b", ""}, {"a", "x=y&z"}}), "a=x%3Dy%26z&a-b=&b=1&b=2");
    EXPECT_EQ(s3::encode_query({{"uploads", ""}}), "uploads=");
    EXPECT_EQ(s3::encode_query({}), "");
}

TEST(uri, a_query_is_read_in_order) {
    const auto read = s3::decode_query("endpoint=http%3A%2F%2Fh%3A1&flag&region=a+b&empty=&&x=1=2");
    ASSERT_TRUE(read);
    ASSERT_EQ(read->size(), 5U);
    EXPECT_EQ((*read)[0].name + "|" + (*read)[0].value, "endpoint|http://h:1");
    EXPECT_EQ((*read)[1].name + "|" + (*read)[1].value, "flag|");
    EXPECT_EQ((*read)[2].value, "a b");
    EXPECT_EQ((*read)[3].value, "");
    EXPECT_EQ((*read)[4].value, "1=2");
    EXPECT_FALSE(s3::decode_query("a=%"));
    EXPECT_TRUE(s3::decode_query("")->empty());
}

}  // namespace
