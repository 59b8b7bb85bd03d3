#include "s3/http.h"

#include <gtest/gtest.h>

namespace {

TEST(http, headers_are_found_whatever_their_case) {
    s3::http_response_head head{200, {{"ETag", "\"a\""}, {"x-amz-request-id", "7"}}};
    ASSERT_NE(head.find("etag"), nullptr);
    EXPECT_EQ(*head.find("X-AMZ-REQUEST-ID"), "7");
    EXPECT_EQ(head.find("etag2"), nullptr);
    EXPECT_EQ(head.find("eta"), nullptr);
}

TEST(http, setting_a_header_leaves_one_of_it) {
    std::vector<s3::http_header> headers{{"A", "1"}, {"B", "2"}, {"a", "3"}};
    s3::set_header(headers, "a", "4");
    ASSERT_EQ(headers.size(), 2U);
    EXPECT_EQ(headers[0].value, "4");
    s3::set_header(headers, "c", "5");
    EXPECT_EQ(*s3::find_header(headers, "C"), "5");
    s3::erase_header(headers, "b");
    EXPECT_EQ(s3::find_header(headers, "B"), nullptr);
}

TEST(http, a_slice_keeps_its_buffer_alive) {
    s3::shared_bytes part;
    {
        const s3::shared_bytes whole(io::bytes{1, 2, 3, 4, 5});
        part = whole.slice(1, 3).slice(1, 2);
    }
    EXPECT_EQ(io::bytes(part.view().begin(), part.view().end()), (io::bytes{3, 4}));
    EXPECT_EQ(s3::shared_bytes().size(), 0U);
}

}  // namespace
