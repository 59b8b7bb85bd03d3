#include "s3/client.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/real_environment.h"
#include "tests/support/scripted_network.h"

namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;
using when = s3::write_condition::kind;

std::string answer(unsigned status, std::string_view body = "", std::string_view headers = "") {
    return fmt::format("HTTP/1.1 {} x\r\n{}Content-Length: {}\r\n\r\n{}", status, headers, body.size(), body);
}

std::string refusal(unsigned status, std::string_view code, std::string_view headers = "") {
    return answer(status, fmt::format("<Error><Code>{}</Code></Error>", code), headers);
}

class rotating_credentials final : public s3::credentials_source {
public:
    io::task<io::result<s3::credentials>> get() override { co_return these_; }
    void refused(const s3::credentials& used) override {
        EXPECT_EQ(used, these_);
        these_ = {"AKID2", s3::secret("hunter2-second"), s3::secret("token-second"), {}};
    }

private:
    s3::credentials these_{"AKID1", s3::secret("hunter2-first"), s3::secret("token-first"), {}};
};

// Does it at once, and counts.
class counting_offload final : public io::offload {
public:
    int runs = 0;

protected:
    io::task<void> run(std::function<void()> work) override {
        ++runs;
        work();
        co_return;
    }
};

class s3_client : public testing::Test {
protected:
    tests::real_environment world;
    tests::jumping_clock time;
    io::environment env{world.env.on, time, world.env.dice, world.env.files, world.env.elsewhere, world.env.journal, {}};
    tests::scripted_network net;
    rotating_credentials keys;
    s3::store_url where = s3::parse_store_url("s3://bkt?endpoint=http://h&region=eu-west-1", {}).value();
    s3::client client{env, net, keys, where, {}};

    io::result<s3::http_response> get() { return world.run(client.send({s3::operation::get_object, "k", s3::get_object(where, "k", 0, {}, ""), when::always})); }
    io::result<s3::http_response> put(when condition) {
        const s3::shared_bytes body = io::bytes{'b', 'o', 'd', 'y'};
        return world.run(client.send({s3::operation::put_object, "k", s3::put_object(where, "k", body, {}, {condition, "\"e\""}), condition}));
    }
    // What a header of the request says.
    static std::string header(const std::string& request, const std::string& name) {
        const std::size_t at = request.find("\r\n" + name + ": ");
        if (at == std::string::npos) return "";
        const std::size_t begin = at + name.size() + 4;
        return request.substr(begin, request.find("\r\n", begin) - begin);
    }
};

TEST_F(s3_client, one_signed_request_and_its_answer) {
    net.add({answer(200, "hello")});
    const auto got = get();
    ASSERT_TRUE(got) << got.error().context;
    EXPECT_EQ(io::text_of(got->body), "hello");
    ASSERT_EQ(net.requests.size(), 1U);
    EXPECT_THAT(net.requests[0], testing::StartsWith("GET /bkt/k HTTP/1.1\r\nhost: h\r\n"));
    EXPECT_THAT(header(net.requests[0], "authorization"), HasSubstr("Credential=AKID1/19941106/eu-west-1/s3/aws4_request"));
    EXPECT_EQ(header(net.requests[0], "x-amz-security-token"), "token-first");
    EXPECT_EQ(time.passed(), 0ns);
}

TEST_F(s3_client, connections_are_kept_and_every_attempt_after_a_failure_has_a_new_one) {
    net.add({answer(200), answer(200), refusal(503, "SlowDown")});
    net.add({answer(200)});
    for (int i = 0; i < 3; ++i) ASSERT_TRUE(get());
    EXPECT_EQ(net.requests.size(), 4U);
    EXPECT_EQ(net.connects, 2);
}

TEST_F(s3_client, a_later_attempt_waits_as_long_as_the_server_says_and_is_signed_anew) {
    net.add({refusal(503, "SlowDown", "Retry-After: 7\r\n")});
    net.add({answer(200)});
    ASSERT_TRUE(get());
    EXPECT_GE(time.passed(), 7s);
    EXPECT_EQ(header(net.requests[0], "x-amz-date"), "19941106T084937Z");
    EXPECT_EQ(header(net.requests[1], "x-amz-date"), "19941106T084944Z");
    EXPECT_NE(header(net.requests[0], "authorization"), header(net.requests[1], "authorization"));
}

TEST_F(s3_client, a_large_body_is_hashed_once_and_not_on_the_event_loop) {
    counting_offload elsewhere;
    const io::environment counted{env.on, env.time, env.dice, env.files, elsewhere, env.journal, {}};
    s3::client other(counted, net, keys, where, {});
    const io::bytes large(1U << 20U, 'x');
    net.add({refusal(503, "SlowDown")});
    net.add({answer(200)});
    ASSERT_TRUE(world.run(other.send(s3::make_call(s3::operation::put_object, "k", s3::put_object(where, "k", large, {}, {})))));
    EXPECT_EQ(elsewhere.runs, 1);
    ASSERT_EQ(net.requests.size(), 2U);
    for (const auto& request : net.requests) EXPECT_EQ(header(request, "x-amz-content-sha256"), s3::to_hex(s3::sha256(large)));
}

TEST_F(s3_client, what_does_not_end_is_given_up_at_the_deadline) {
    for (int i = 0; i < 1000; ++i) net.add({refusal(503, "SlowDown")});
    const auto got = get();
    ASSERT_FALSE(got);
    EXPECT_EQ(got.error().code, io::errc::busy);
    EXPECT_THAT(got.error().context, HasSubstr("GetObject s3://bkt/k: HTTP 503 SlowDown"));
    EXPECT_THAT(got.error().context, HasSubstr("(attempt "));
    // Two minutes, and 8 MiB of an answer at 64 KiB a second.
    EXPECT_LE(time.passed(), 2min + 128s);
    EXPECT_GT(time.passed(), 1min);
    EXPECT_LT(net.connects, 1000);
}

TEST_F(s3_client, refusals_are_not_repeated) {
    net.add({refusal(403, "AccessDenied"), refusal(404, "NoSuchKey"), refusal(404, "NoSuchBucket"), refusal(412, "PreconditionFailed")});
    EXPECT_EQ(get().error().code, io::errc::access_denied);
    EXPECT_EQ(get().error().code, io::errc::not_found);
    EXPECT_EQ(get().error().code, io::errc::invalid);
    EXPECT_EQ(put(when::if_absent).error().code, io::errc::already_exists);
    EXPECT_EQ(net.requests.size(), 4U);
    EXPECT_EQ(net.connects, 1) << "an answer leaves the connection usable, whatever it says";
}

TEST_F(s3_client, a_conditional_write_whose_fate_is_unknown_is_sent_once) {
    const std::deque<std::string> endings[] = {
        {refusal(500, "UnknownError")},
        {answer(502, "<html>bad gateway</html>")},
        {answer(504)},
        {"HTTP/1.1 200 OK\r\nContent-Le"},
        {"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"},
        {"not http at all\r\n\r\n"},
    };
    for (const auto& ending : endings) {
        for (const auto condition : {when::if_absent, when::if_match}) {
            s3::client fresh(env, net, keys, where, {});
            const std::size_t before = net.requests.size();
            net.add(ending);
            const s3::shared_bytes body = io::bytes{'b'};
            const auto made =
                world.run(fresh.send({s3::operation::put_object, "k", s3::put_object(where, "k", body, {}, {condition, "\"e\""}), condition}));
            ASSERT_FALSE(made) << ending.front();
            EXPECT_EQ(made.error().code, io::errc::outcome_unknown) << made.error().context;
            EXPECT_EQ(net.requests.size() - before, 1U) << ending.front();
        }
    }
}

TEST_F(s3_client, a_conditional_write_that_did_not_begin_is_repeated) {
    net.add({});
    net.add({refusal(503, "SlowDown")});
    net.add({answer(429)});
    net.add({refusal(409, "ConditionalRequestConflict")});
    net.add({answer(200)});
    const auto made = put(when::if_absent);
    ASSERT_TRUE(made) << made.error().context;
    EXPECT_EQ(net.requests.size(), 4U);
    for (const auto& request : net.requests) {
        EXPECT_EQ(header(request, "if-none-match"), "*");
        EXPECT_TRUE(request.ends_with("\r\n\r\nbody"));
    }
}

TEST_F(s3_client, a_kept_connection_that_died_is_replaced_without_a_wait) {
    net.add({answer(200)});
    net.add({answer(200, "again")});
    ASSERT_TRUE(get());
    time.advance(10s);
    const auto got = get();
    ASSERT_TRUE(got) << got.error().context;
    EXPECT_EQ(io::text_of(got->body), "again");
    EXPECT_EQ(time.passed(), 10s);
    EXPECT_EQ(net.connects, 2);
}

TEST_F(s3_client, a_conditional_write_does_not_trust_a_connection_that_was_idle_for_long) {
    net.add({answer(200), answer(200)});
    net.add({answer(200)});
    ASSERT_TRUE(get());
    ASSERT_TRUE(put(when::if_absent));
    EXPECT_EQ(net.connects, 1) << "it was used a moment ago";
    time.advance(10s);
    const auto made = put(when::if_absent);
    ASSERT_TRUE(made) << made.error().context;
    EXPECT_EQ(net.connects, 2);
}

TEST_F(s3_client, the_servers_clock_is_learned_once_and_used_from_then_on) {
    const std::string an_hour_later = "Date: Sun, 06 Nov 1994 09:49:37 GMT\r\n";
    net.add({refusal(403, "RequestTimeTooSkewed", an_hour_later)});
    net.add({answer(200), answer(200)});
    ASSERT_TRUE(get());
    ASSERT_TRUE(get());
    ASSERT_EQ(net.requests.size(), 3U);
    EXPECT_EQ(header(net.requests[0], "x-amz-date"), "19941106T084937Z");
    EXPECT_EQ(header(net.requests[1], "x-amz-date"), "19941106T094937Z");
    EXPECT_EQ(header(net.requests[2], "x-amz-date"), "19941106T094937Z");
    EXPECT_EQ(time.passed(), 0ns);
    EXPECT_TRUE(world.journal.contains("differ by 3600 s"));
}

TEST_F(s3_client, a_clock_that_cannot_be_learned_is_an_error_that_says_so) {
    for (int i = 0; i < 2; ++i) net.add({refusal(403, "RequestTimeTooSkewed", "Date: Sun, 06 Nov 1994 09:49:37 GMT\r\n")});
    const auto got = get();
    ASSERT_FALSE(got);
    EXPECT_EQ(net.requests.size(), 2U);
    EXPECT_THAT(got.error().context, HasSubstr("set this host's clock"));
}

TEST_F(s3_client, expired_credentials_are_replaced_once) {
    net.add({refusal(400, "ExpiredToken")});
    net.add({answer(200)});
    ASSERT_TRUE(get());
    EXPECT_EQ(header(net.requests[0], "x-amz-security-token"), "token-first");
    EXPECT_EQ(header(net.requests[1], "x-amz-security-token"), "token-second");
    EXPECT_THAT(header(net.requests[1], "authorization"), HasSubstr("Credential=AKID2/"));
    EXPECT_EQ(time.passed(), 0ns);
}

TEST_F(s3_client, a_dead_server_is_left_alone_after_a_row_of_failures) {
    const auto first = get();
    ASSERT_FALSE(first);
    EXPECT_EQ(first.error().code, io::errc::io_failure);
    EXPECT_THAT(first.error().context, HasSubstr("connection refused"));
    // With the pauses of the retries alone there would be far more.
    EXPECT_LT(net.connects, 60);
    EXPECT_GT(net.connects, 8);
    time.advance(1min);
    net.add({answer(200)});
    EXPECT_TRUE(get()) << "and asked again later";
}

TEST_F(s3_client, no_secret_is_logged_or_put_into_an_error) {
    net.add({refusal(400, "ExpiredToken")});
    net.add({refusal(503, "SlowDown")});
    net.add({"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"});
    net.add({refusal(403, "SignatureDoesNotMatch")});
    const auto got = get();
    ASSERT_FALSE(got);
    std::string all = got.error().context;
    for (const auto& line : world.journal.lines()) all += "\n" + line;
    EXPECT_THAT(all, HasSubstr("SlowDown"));
    for (const char* secret : {"hunter2", "token-first", "token-second", "Signature="}) EXPECT_THAT(all, Not(HasSubstr(secret)));
}

}  // namespace
