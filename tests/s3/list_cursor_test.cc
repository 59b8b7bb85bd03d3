#include "s3/list_cursor.h"

#include <gtest/gtest.h>

namespace {

s3::list_page page(std::vector<std::string> keys, std::vector<std::string> prefixes, std::string token) {
    s3::list_page out;
    for (auto& key : keys) out.objects.push_back({std::move(key), 1, 0, "e"});
    out.common_prefixes = std::move(prefixes);
    out.next_token = std::move(token);
    return out;
}

TEST(list_cursor, pages_are_asked_for_until_the_last_and_put_together) {
    s3::list_cursor cursor("p/", "/", 100);
    EXPECT_EQ(cursor.next().prefix, "p/");
    EXPECT_EQ(cursor.next().delimiter, "/");
    EXPECT_EQ(cursor.next().continuation_token, "");
    ASSERT_TRUE(cursor.take(page({"p/a", "p/c"}, {"p/b/"}, "t1")));
    EXPECT_FALSE(cursor.done());
    EXPECT_EQ(cursor.next().continuation_token, "t1");
    ASSERT_TRUE(cursor.take(page({}, {}, "t2"))) << "an empty page in the middle is legal";
    ASSERT_TRUE(cursor.take(page({"p/d"}, {"p/c/"}, "")));
    EXPECT_TRUE(cursor.done());
    ASSERT_EQ(cursor.objects().size(), 3U);
    EXPECT_EQ(cursor.objects()[2].key, "p/d");
    EXPECT_EQ(cursor.prefixes(), (std::vector<std::string>{"p/b/", "p/c/"}));
}

TEST(list_cursor, E10_pages_that_contradict_each_other_are_an_error) {
    struct row {
        const char* what;
        s3::list_page second;
    };
    const row table[] = {
        {"a key comes again", page({"p/c"}, {}, "")},         {"keys go back", page({"p/b"}, {}, "")},
        {"out of order", page({"p/e", "p/d"}, {}, "")},       {"a prefix comes again", page({}, {"p/x/"}, "")},
        {"another prefix", page({"q/a"}, {}, "")},            {"a prefix outside", page({}, {"q/"}, "")},
        {"the token comes again", page({"p/d"}, {}, "t1")},
    };
    for (const auto& r : table) {
        s3::list_cursor cursor("p/", "/", 100);
        ASSERT_TRUE(cursor.take(page({"p/a", "p/c"}, {"p/x/"}, "t1")));
        const auto taken = cursor.take(r.second);
        ASSERT_FALSE(taken) << r.what;
        EXPECT_EQ(taken.error().code, io::errc::corrupt);
        EXPECT_EQ(taken.error().about, io::subject::store);
    }
}

TEST(list_cursor, order_is_by_byte_value) {
    s3::list_cursor cursor("", "", 100);
    EXPECT_TRUE(cursor.take(page({"A", "a", "\xc3\xa9", "\xef\xbf\xbd", "\xf0\x9f\x9a\xa2"}, {}, "")));
}

TEST(list_cursor, more_than_the_limit_is_an_error_before_it_is_kept) {
    s3::list_cursor cursor("", "", 3);
    ASSERT_TRUE(cursor.take(page({"a", "b"}, {}, "t")));
    const auto taken = cursor.take(page({"c", "d"}, {}, ""));
    ASSERT_FALSE(taken);
    EXPECT_EQ(taken.error().code, io::errc::too_large);
    EXPECT_EQ(cursor.objects().size(), 2U);
}

}  // namespace
