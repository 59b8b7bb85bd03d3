// What is said when something is wrong, and that secrets never are.
#include <gmock/gmock.h>

#include <algorithm>

#include "tests/rgw/bucket.h"

namespace {

using testing::HasSubstr;
using tests::some_bytes;

class rgw_error : public tests::bucket_test {
public:
    io::error error_of(s3::store_settings with) {
        auto opened = open(std::move(with));
        EXPECT_FALSE(opened);
        return opened ? io::error{} : opened.error();
    }
    // A log line or message that carries the secret or a signature.
    static bool leaks(const std::string& text, const std::string& secret) {
        return text.find(secret) != std::string::npos || text.find("Signature=") != std::string::npos || text.find("AWS4-HMAC") != std::string::npos;
    }
};

TEST_F(rgw_error, a_wrong_secret_and_an_unknown_key_name_the_access_key_and_nothing_secret) {
    const std::string secret = "this-is-the-wrong-secret";
    tests::fixed_credentials wrong({server.access_key(), s3::secret(secret), {}, {}});
    auto opened = world.run(s3::store::open(world.env, net, wrong, settings(), s3::store::access::write));
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code, io::errc::access_denied);
    EXPECT_THAT(opened.error().context, HasSubstr(server.access_key()));
    EXPECT_FALSE(leaks(opened.error().context, secret)) << opened.error().context;
    tests::fixed_credentials unknown({"no-such-key", s3::secret(secret), {}, {}});
    auto refused = world.run(s3::store::open(world.env, net, unknown, settings(), s3::store::access::write));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, io::errc::access_denied);
    EXPECT_THAT(refused.error().context, HasSubstr("no-such-key"));
    EXPECT_THAT(refused.error().context, HasSubstr("request id"));
}

TEST_F(rgw_error, a_missing_bucket_is_named) {
    auto with = settings();
    with.where.at.bucket = "no-such-bucket";
    const auto e = error_of(with);
    EXPECT_EQ(e.code, io::errc::invalid);
    EXPECT_EQ(e.about, io::subject::store);
    EXPECT_THAT(e.context, HasSubstr("no-such-bucket"));
}

TEST_F(rgw_error, a_certificate_nobody_vouches_for_is_refused_with_the_way_out) {
    const auto e = error_of(settings(server.https()));
    EXPECT_EQ(e.code, io::errc::access_denied);
    EXPECT_THAT(e.context, HasSubstr("certificate"));
    EXPECT_THAT(e.context, HasSubstr("ca="));
}

TEST_F(rgw_error, a_certificate_for_another_host_is_refused) {
    // getaddrinfo takes "127.1" for 127.0.0.1; the certificate names that and localhost only.
    const auto port = settings(server.https()).where.at.server.port;
    const io::instant until = world.env.time.now() + std::chrono::seconds(10);
    auto other = world.run(net.connect({"127.1", port, io::tls_options{server.ca_file(), true}}, until));
    ASSERT_FALSE(other);
    EXPECT_EQ(other.error().code, io::errc::access_denied) << other.error().context;
    auto right = world.run(net.connect({"127.0.0.1", port, io::tls_options{server.ca_file(), true}}, until));
    EXPECT_TRUE(right) << right.error().context;
    auto unverified = world.run(net.connect({"127.1", port, io::tls_options{"", false}}, until));
    EXPECT_TRUE(unverified) << unverified.error().context;
}

TEST_F(rgw_error, a_ca_file_that_cannot_be_read_is_named) {
    const auto e = error_of(settings(server.https(), "p", "&ca=/no/such/ca.pem"));
    EXPECT_EQ(e.code, io::errc::invalid);
    EXPECT_THAT(e.context, HasSubstr("/no/such/ca.pem"));
}

TEST_F(rgw_error, plain_http_to_a_tls_port_and_tls_to_a_plain_port_end_soon) {
    auto plain = settings("http" + server.https().substr(5));
    plain.requests.deadline = std::chrono::milliseconds(500);
    EXPECT_FALSE(error_of(plain).context.empty());
    auto tls = settings("https" + server.http().substr(4));
    tls.requests.deadline = std::chrono::milliseconds(500);
    EXPECT_THAT(error_of(tls).context, HasSubstr("TLS handshake"));
}

TEST_F(rgw_error, a_server_that_is_not_there_is_named_after_the_deadline) {
    auto with = settings("http://127.0.0.1:1");
    with.requests.deadline = std::chrono::milliseconds(400);
    const auto e = error_of(with);
    EXPECT_EQ(e.code, io::errc::io_failure);
    EXPECT_THAT(e.context, HasSubstr("127.0.0.1:1"));
    EXPECT_THAT(e.context, HasSubstr("refused"));
}

TEST_F(rgw_error, the_log_never_holds_secrets) {
    const std::string secret = "another-wrong-secret-value";
    tests::fixed_credentials wrong({server.access_key(), s3::secret(secret), s3::secret("a-session-token"), {}});
    EXPECT_FALSE(world.run(s3::store::open(world.env, net, wrong, settings(), s3::store::access::write)));
    auto with = settings();
    with.requests.deadline = std::chrono::seconds(2);
    auto on = store(with);
    EXPECT_TRUE(world.run(on->put_if_absent("k", some_bytes(10), {})));
    server.pause();
    EXPECT_FALSE(world.run(on->get("k", 0, 10)));  // retries are logged
    server.restart();
    EXPECT_TRUE(world.journal.contains("the next attempt follows"));
    for (const auto& line : world.journal.lines()) {
        EXPECT_FALSE(leaks(line, secret) || leaks(line, server.secret_key()) || leaks(line, "a-session-token")) << line;
    }
}

// A clock that is wrong.
class wrong_clock final : public io::clock {
public:
    explicit wrong_clock(std::int64_t ahead_ms) : ahead_ms_(ahead_ms) {}
    io::instant now() const override { return real_.now(); }
    std::int64_t wall_ms() const override { return real_.wall_ms() + ahead_ms_; }
    std::unique_ptr<io::timer> make_timer(io::executor on) override { return real_.make_timer(std::move(on)); }

private:
    io::real_clock real_;
    std::int64_t ahead_ms_;
};

TEST_F(rgw_error, a_host_whose_clock_is_wrong_works_and_says_so_once) {
    for (const std::int64_t ahead_ms : {3'600'000, -86'400'000}) {
        wrong_clock clock(ahead_ms);
        io::environment env{world.env.on, clock, world.env.dice, world.env.files, world.env.elsewhere, world.journal, world.env.make_watcher};
        auto opened = world.run(s3::store::open(env, net, keys, settings(), s3::store::access::write));
        ASSERT_TRUE(opened) << opened.error().context;
        const auto warnings = [&] {
            return std::ranges::count_if(world.journal.lines(), [](const std::string& line) { return line.find("clock") != std::string::npos && line[0] == '2'; });
        };
        const auto told = warnings();
        EXPECT_GE(told, 1);
        EXPECT_TRUE(world.run((*opened)->put_if_absent("k" + std::to_string(ahead_ms), some_bytes(10), {})));
        EXPECT_EQ(warnings(), told);
    }
}

// Names of virtual hosts do not resolve here: connects to the address, whatever the name.
class one_address final : public io::network {
public:
    explicit one_address(io::network& behind) : behind_(behind) {}
    std::string asked_for;
    io::task<io::result<std::unique_ptr<io::byte_stream>>> connect(io::peer to, io::instant until) override {
        asked_for = to.host;
        to.host = "127.0.0.1";
        return behind_.connect(std::move(to), until);
    }

private:
    io::network& behind_;
};

TEST_F(rgw_error, buckets_as_virtual_hosts) {
    one_address names(net);
    auto with = settings("http://localhost:" + std::to_string(settings().where.at.server.port), "p", "&path-style=false");
    auto on = world.run(s3::store::open(world.env, names, keys, with, s3::store::access::write));
    ASSERT_TRUE(on) << on.error().context;
    EXPECT_EQ(names.asked_for, bucket + ".localhost");
    ASSERT_TRUE(world.run((*on)->put_if_absent("a b", some_bytes(10), {})));
    EXPECT_EQ(*world.run(store()->get("a b", 0, 10)), some_bytes(10));
}

}  // namespace
