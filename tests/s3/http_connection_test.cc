#include "s3/http_connection.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/real_environment.h"
#include "tests/support/scripted_stream.h"

namespace {

using testing::HasSubstr;

struct outcome {
    io::result<void> ended;
    s3::http_response answer;
    bool answered = false;
    bool reusable = false;
};

class http_connection_test : public testing::Test {
protected:
    tests::real_environment world;
    tests::scripted_stream* peer = nullptr;

    std::unique_ptr<s3::http_connection> connection(std::deque<std::string> answers, io::result<void> last = {}) {
        auto stream = std::make_unique<tests::scripted_stream>(std::move(answers), std::move(last));
        peer = stream.get();
        return std::make_unique<s3::http_connection>(std::move(stream));
    }

    outcome exchange(s3::http_connection& on, const s3::http_request& request, std::uint64_t most_body = 1000) {
        outcome out;
        out.ended = world.run(on.exchange(request, out.answer, {{}, most_body}));
        out.answered = on.answered();
        out.reusable = on.reusable();
        return out;
    }

    outcome get(std::deque<std::string> answers, io::result<void> last = {}) {
        auto on = connection(std::move(answers), std::move(last));
        return exchange(*on, {"GET", "/b/k", "", {{"host", "h"}}, {}});
    }
};

TEST_F(http_connection_test, sends_head_length_and_body) {
    auto on = connection({"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 204 No Content\r\n\r\n"});
    auto put = exchange(*on, {"PUT", "/b/k", "x=1", {{"host", "h"}, {"if-none-match", "*"}}, io::bytes{'a', 'b', 'c'}});
    ASSERT_TRUE(put.ended);
    EXPECT_EQ(peer->sent, "PUT /b/k?x=1 HTTP/1.1\r\nhost: h\r\nif-none-match: *\r\ncontent-length: 3\r\n\r\nabc");
    EXPECT_TRUE(put.reusable);
    peer->sent.clear();
    auto gone = exchange(*on, {"DELETE", "/b/k", "", {{"host", "h"}}, {}});
    ASSERT_TRUE(gone.ended);
    EXPECT_EQ(gone.answer.head.status, 204U);
    EXPECT_EQ(peer->sent, "DELETE /b/k HTTP/1.1\r\nhost: h\r\n\r\n");
    EXPECT_EQ(on->exchanges(), 2U);
}

TEST_F(http_connection_test, an_answer_in_single_bytes_is_the_same_answer) {
    const std::string text = "HTTP/1.1 206 Partial\r\nETag: \"e\"\r\nContent-Length: 5\r\n\r\nhello";
    std::deque<std::string> single;
    for (const char c : text) single.emplace_back(1, c);
    for (auto& answers : {std::deque<std::string>{text}, single}) {
        auto got = get(answers);
        ASSERT_TRUE(got.ended) << got.ended.error().context;
        EXPECT_EQ(got.answer.head.status, 206U);
        EXPECT_EQ(*got.answer.head.find("etag"), "\"e\"");
        EXPECT_EQ(io::text_of(got.answer.body), "hello");
        EXPECT_TRUE(got.reusable);
    }
}

TEST_F(http_connection_test, chunked_bodies_and_interim_answers) {
    auto got = get({"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", "2;x=y\r\nde\r\n0\r\n\r\n"});
    ASSERT_TRUE(got.ended) << got.ended.error().context;
    EXPECT_EQ(got.answer.head.status, 200U);
    EXPECT_EQ(io::text_of(got.answer.body), "abcde");
    EXPECT_TRUE(got.reusable);
}

TEST_F(http_connection_test, the_answer_to_head_has_a_length_but_no_body) {
    auto on = connection({"HTTP/1.1 200 OK\r\nContent-Length: 123456789\r\n\r\n"});
    auto got = exchange(*on, {"HEAD", "/b/k", "", {}, {}});
    ASSERT_TRUE(got.ended) << got.ended.error().context;
    EXPECT_EQ(*got.answer.head.find("content-length"), "123456789");
    EXPECT_TRUE(got.reusable);
}

TEST_F(http_connection_test, a_dead_connection_is_told_from_one_that_died_in_its_answer) {
    auto silent = get({});
    EXPECT_FALSE(silent.ended);
    EXPECT_EQ(silent.ended.error().code, io::errc::io_failure);
    EXPECT_EQ(silent.ended.error().about, io::subject::store);
    EXPECT_FALSE(silent.answered);
    auto reset = get({}, io::error{io::errc::io_failure, io::subject::general, "reset"});
    EXPECT_FALSE(reset.answered);
    auto head = get({"HTTP/1.1 200"});
    EXPECT_FALSE(head.ended);
    EXPECT_TRUE(head.answered);
    auto body = get({"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc"});
    EXPECT_FALSE(body.ended);
    EXPECT_TRUE(body.answered);
    EXPECT_FALSE(body.reusable);
    EXPECT_EQ(io::text_of(body.answer.body), "abc");  // a get goes on from there
}

TEST_F(http_connection_test, a_chunked_body_without_its_last_chunk_is_an_error) {
    auto got = get({"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"});
    EXPECT_FALSE(got.ended);
}

TEST_F(http_connection_test, a_body_without_length_is_accepted_of_errors_only) {
    auto good = get({"HTTP/1.1 200 OK\r\n\r\nabc"});
    ASSERT_FALSE(good.ended);
    EXPECT_THAT(good.ended.error().context, HasSubstr("length"));
    EXPECT_FALSE(get({"HTTP/1.1 200 OK\r\n\r\n"}).ended);
    auto bad = get({"HTTP/1.1 502 Bad Gateway\r\n\r\n<html>", "no</html>"});
    ASSERT_TRUE(bad.ended);
    EXPECT_EQ(io::text_of(bad.answer.body), "<html>no</html>");
    EXPECT_FALSE(bad.reusable);
}

TEST_F(http_connection_test, limits_hold_before_anything_is_allocated) {
    auto announced = get({"HTTP/1.1 200 OK\r\nContent-Length: 9223372036854775807\r\n\r\nx"});
    EXPECT_EQ(announced.ended.error().code, io::errc::too_large);
    auto chunked = get({"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffff\r\n", std::string(2000, 'x')});
    EXPECT_EQ(chunked.ended.error().code, io::errc::too_large);
    auto unsized_error = get({"HTTP/1.1 500 No\r\n\r\n", std::string(2000, 'x')});
    EXPECT_EQ(unsized_error.ended.error().code, io::errc::too_large);
    std::deque<std::string> long_head{"HTTP/1.1 200 OK\r\n"};
    for (int i = 0; i < 2000; ++i) long_head.push_back("x-header-" + std::to_string(i) + ": " + std::string(80, 'v') + "\r\n");
    auto head = get(long_head);
    ASSERT_FALSE(head.ended);
    EXPECT_LT(head.answer.head.headers.size(), 500U);
    auto one_line = get({"HTTP/1.1 200 OK\r\nx: " + std::string(100'000, 'v')});
    EXPECT_FALSE(one_line.ended);
}

TEST_F(http_connection_test, what_is_not_http_is_an_error) {
    for (const std::string text : {"<html>", "HTTP/1.1 banana\r\n\r\n", "HTTP/1.1 200 OK\r\nno colon\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
                                   "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
                                   "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "\x16\x03\x01\x02"}) {
        auto got = get({text});
        ASSERT_FALSE(got.ended) << text;
        EXPECT_EQ(got.ended.error().code, io::errc::io_failure) << text;
        EXPECT_FALSE(got.reusable);
    }
}

TEST_F(http_connection_test, bytes_behind_the_answer_end_the_connection) {
    auto got = get({"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\n"});
    ASSERT_TRUE(got.ended);
    EXPECT_FALSE(got.reusable);
    auto closing = get({"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok"});
    ASSERT_TRUE(closing.ended);
    EXPECT_FALSE(closing.reusable);
    auto old = get({"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok"});
    ASSERT_TRUE(old.ended);
    EXPECT_FALSE(old.reusable);
}

TEST_F(http_connection_test, an_answer_that_comes_before_the_body_was_taken_is_heard) {
    auto on = connection({"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"});
    peer->write_outcome = io::error{io::errc::io_failure, io::subject::general, "broken pipe"};
    auto got = exchange(*on, {"PUT", "/b/k", "", {}, io::bytes(100)});
    ASSERT_TRUE(got.ended);
    EXPECT_EQ(got.answer.head.status, 403U);
    EXPECT_FALSE(got.reusable);

    auto dead = connection({});
    peer->write_outcome = io::error{io::errc::io_failure, io::subject::general, "broken pipe"};
    auto lost = exchange(*dead, {"PUT", "/b/k", "", {}, io::bytes(100)});
    ASSERT_FALSE(lost.ended);
    EXPECT_EQ(lost.ended.error().context, "broken pipe");
    EXPECT_FALSE(lost.answered);
}

TEST_F(http_connection_test, a_header_cannot_smuggle_another_one) {
    auto on = connection({});
    auto got = exchange(*on, {"GET", "/b/k", "", {{"x-amz-meta-a", "b\r\nx-evil: 1"}}, {}});
    EXPECT_EQ(got.ended.error().code, io::errc::invalid);
    EXPECT_EQ(peer->sent, "");
}

}  // namespace
