#include "apps/json.h"

#include <gtest/gtest.h>

#include "apps/event_lines.h"

namespace {

TEST(json, strings_are_escaped) {
    EXPECT_EQ(apps::json_string("plain"), R"("plain")");
    EXPECT_EQ(apps::json_string("a\"b\\c/d"), R"("a\"b\\c/d")");
    EXPECT_EQ(apps::json_string("\n\t\x01\x7f"), R"("\u000a\u0009\u0001\u007f")");
    EXPECT_EQ(apps::json_string(std::string_view("\0x", 2)), R"("\u0000x")");
    EXPECT_EQ(apps::json_string("gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x9a\xa2"), "\"gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x9a\xa2\"");
}

TEST(json, bytes_that_are_no_utf8_are_replaced_one_by_one) {
    const std::string bad = "\xef\xbf\xbd";
    EXPECT_EQ(apps::json_string("a\xff" "b"), "\"a" + bad + "b\"");
    EXPECT_EQ(apps::json_string("\xc3"), "\"" + bad + "\"");                         // cut off
    EXPECT_EQ(apps::json_string("\xc0\xaf"), "\"" + bad + bad + "\"");               // overlong
    EXPECT_EQ(apps::json_string("\xe0\x80\xaf"), "\"" + bad + bad + bad + "\"");     // overlong
    EXPECT_EQ(apps::json_string("\xed\xa0\x80"), "\"" + bad + bad + bad + "\"");     // a surrogate
    EXPECT_EQ(apps::json_string("\xf4\x90\x80\x80"), "\"" + bad + bad + bad + bad + "\"");  // beyond U+10FFFF
}

TEST(json, objects_keep_the_order_and_nest) {
    apps::json_object inner;
    inner.add("k\"", "v");
    apps::json_object line;
    line.add("text", std::string("x")).add("yes", true).add("no", false).add("big", std::uint64_t{18446744073709551615U}).add("minus", -1);
    line.add("list", std::vector<std::string>{"a", "b"}).add("none", std::vector<std::string>{});
    line.add("objects", std::vector<apps::json_object>{inner, apps::json_object()});
    EXPECT_EQ(line.text(), R"({"text":"x","yes":true,"no":false,"big":18446744073709551615,"minus":-1,"list":["a","b"],"none":[],)"
                           R"("objects":[{"k\"":"v"},{}]})");
}

TEST(event_lines, an_event_as_a_line) {
    const engine::event one{engine::event::what::handed_off, "odd \"name\".db", 17, "writers were kept out for 0.3 ms"};
    EXPECT_EQ(apps::event_line(1'795'507'200'123, one).text(),
              R"({"time":"2026-11-24T08:00:00.123Z","event":"handed_off","stream":"odd \"name\".db","txid":17,"text":"writers were kept out for 0.3 ms"})");
    EXPECT_EQ(apps::event_line(0, {engine::event::what::watching, "", 0, "2 databases"}).text(),
              R"({"time":"1970-01-01T00:00:00.000Z","event":"watching","text":"2 databases"})");
    EXPECT_EQ(apps::ended_line(0, 0, "").text(), R"({"time":"1970-01-01T00:00:00.000Z","event":"ended","exit":0})");
    EXPECT_EQ(apps::ended_line(0, 3, "why").text(), R"({"time":"1970-01-01T00:00:00.000Z","event":"ended","exit":3,"text":"why"})");
}

}  // namespace
