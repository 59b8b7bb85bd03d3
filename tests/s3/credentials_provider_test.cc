#include "s3/credentials_provider.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "io/task_group.h"
#include "tests/support/answering_network.h"
#include "tests/support/real_environment.h"
#include "tests/support/temp_directory.h"

namespace {

using testing::HasSubstr;
using tests::answering_network;
using tests::http_answer;

// A clock whose wall time a test moves.
class moved_clock final : public io::clock {
public:
    std::int64_t ahead_ms = 0;
    io::instant now() const override { return real_.now(); }
    std::int64_t wall_ms() const override { return real_.wall_ms() + ahead_ms; }
    std::unique_ptr<io::timer> make_timer(io::executor on) override { return real_.make_timer(std::move(on)); }

private:
    io::real_clock real_;
};

class credentials_provider_test : public testing::Test {
public:
    tests::real_environment world;
    moved_clock clock;
    io::environment env{world.env.on, clock, world.env.dice, world.env.files, world.env.elsewhere, world.journal, world.env.make_watcher};
    tests::temp_directory folder;
    int issued = 0;

    // What an endpoint answers: good for an hour.
    std::string issue() {
        ++issued;
        return fmt::format(R"({{"Code":"Success","AccessKeyId":"AK{}","SecretAccessKey":"secret{}","Token":"t","Expiration":"{}"}})", issued, issued,
                           io::format_time(clock.wall_ms() + 3'600'000));
    }
    std::unique_ptr<s3::credentials_provider> provider(answering_network& net, s3::variables variables) {
        auto around = world.run(s3::look_around(env, std::move(variables)));
        EXPECT_TRUE(around) << around.error().context;
        auto origin = s3::choose_origin(around->env, around->from_files, "eu-west-1");
        EXPECT_TRUE(origin) << origin.error().context;
        return std::make_unique<s3::credentials_provider>(env, net, *origin, s3::describe(*origin, around->env));
    }
    std::string key_of(s3::credentials_provider& from) {
        auto got = world.run(from.get());
        return got ? got->access_key : "error: " + got.error().context;
    }
};

const s3::variables container{{"AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://127.0.0.1:99/creds"}, {"AWS_CONTAINER_AUTHORIZATION_TOKEN", "let-me-in"}};

TEST_F(credentials_provider_test, the_environment_and_the_files_need_no_network) {
    answering_network net([](const std::string&) { return std::string(); });
    auto given = provider(net, {{"AWS_ACCESS_KEY_ID", "A"}, {"AWS_SECRET_ACCESS_KEY", "B"}, {"AWS_SESSION_TOKEN", "C"}});
    auto got = world.run(given->get());
    ASSERT_TRUE(got);
    EXPECT_EQ(*got, (s3::credentials{"A", s3::secret("B"), s3::secret("C"), {}}));
    std::ofstream(folder.file("credentials")) << "[default]\naws_access_key_id = D\naws_secret_access_key = E\n[other]\naws_access_key_id = F\naws_secret_access_key = G\n";
    const s3::variables files{{"AWS_SHARED_CREDENTIALS_FILE", folder.file("credentials")}, {"AWS_CONFIG_FILE", folder.file("absent")}};
    EXPECT_EQ(key_of(*provider(net, files)), "D");
    auto named = files;
    named["AWS_PROFILE"] = "other";
    EXPECT_EQ(key_of(*provider(net, named)), "F");
    named["AWS_PROFILE"] = "third";
    auto missing = world.run(s3::look_around(env, named));
    ASSERT_FALSE(missing);
    EXPECT_EQ(missing.error().about, io::subject::usage);
    EXPECT_TRUE(net.connected.empty());
}

TEST_F(credentials_provider_test, a_container_is_asked_once_and_again_before_its_credentials_expire) {
    answering_network net([this](const std::string&) { return http_answer("200 OK", issue()); });
    auto from = provider(net, container);
    EXPECT_EQ(key_of(*from), "AK1");
    EXPECT_EQ(key_of(*from), "AK1");
    EXPECT_THAT(net.requests.at(0), HasSubstr("GET /creds HTTP/1.1\r\nhost: 127.0.0.1:99\r\n"));
    EXPECT_THAT(net.requests.at(0), HasSubstr("authorization: let-me-in\r\n"));
    EXPECT_EQ(net.connected.at(0).port, 99);
    clock.ahead_ms += 50 * 60'000;  // ten minutes before they expire
    EXPECT_EQ(key_of(*from), "AK2");
    EXPECT_EQ(key_of(*from), "AK2");
    EXPECT_EQ(issued, 2);
}

TEST_F(credentials_provider_test, many_callers_cause_one_renewal_and_none_waits_while_the_old_ones_hold) {
    answering_network net([this](const std::string&) { return http_answer("200 OK", issue()); });
    net.before_connect = [this] { return io::sleep_for(clock, std::chrono::milliseconds(5)); };
    auto from = provider(net, container);
    std::vector<std::string> got;
    const auto ask = [&]() -> io::task<void> {
        auto one = co_await from->get();
        EXPECT_TRUE(one);
        if (one) got.push_back(one->access_key);
    };
    const auto ask_at_once = [&](int callers) -> io::task<void> {
        io::task_group group(env.time, env.on);
        for (int i = 0; i < callers; ++i) group.spawn(ask());
        co_await group.join();
    };
    world.run(ask_at_once(20));
    EXPECT_EQ(issued, 1);
    clock.ahead_ms += 50 * 60'000;
    got.clear();
    world.run(ask_at_once(20));
    EXPECT_EQ(issued, 2);
    EXPECT_EQ(std::ranges::count(got, "AK1"), 19);  // all but the one that asked
}

TEST_F(credentials_provider_test, a_failing_renewal_leaves_the_old_ones_until_they_expire) {
    bool down = false;
    answering_network net([&](const std::string&) { return down ? http_answer("500 No") : http_answer("200 OK", issue()); });
    auto from = provider(net, container);
    EXPECT_EQ(key_of(*from), "AK1");
    down = true;
    clock.ahead_ms += 50 * 60'000;
    EXPECT_EQ(key_of(*from), "AK1");
    EXPECT_TRUE(world.journal.contains("are not renewed"));
    clock.ahead_ms += 11 * 60'000;
    auto expired = world.run(from->get());
    ASSERT_FALSE(expired);
    EXPECT_THAT(expired.error().context, HasSubstr("127.0.0.1:99"));
    down = false;
    EXPECT_EQ(key_of(*from), "AK2");
}

TEST_F(credentials_provider_test, refused_credentials_are_not_given_out_again) {
    answering_network net([this](const std::string&) { return http_answer("200 OK", issue()); });
    auto from = provider(net, container);
    const auto first = *world.run(from->get());
    from->refused(first);
    EXPECT_EQ(key_of(*from), "AK2");
    from->refused(first);  // said late, of those before
    EXPECT_EQ(key_of(*from), "AK2");
}

TEST_F(credentials_provider_test, an_instance_is_asked_by_imdsv2) {
    answering_network net([this](const std::string& request) {
        if (request.starts_with("PUT /latest/api/token ")) return http_answer("200 OK", "session-1");
        if (request.find("x-aws-ec2-metadata-token: session-1\r\n") == std::string::npos) return http_answer("401 Unauthorized");
        if (request.starts_with("GET /latest/meta-data/iam/security-credentials/ ")) return http_answer("200 OK", "the-role");
        if (request.starts_with("GET /latest/meta-data/iam/security-credentials/the-role ")) return http_answer("200 OK", issue());
        return http_answer("404 Not Found");
    });
    auto from = provider(net, {});
    EXPECT_EQ(key_of(*from), "AK1");
    EXPECT_EQ(net.connected.at(0).host, "169.254.169.254");
    EXPECT_EQ(net.requests.size(), 3U);
}

TEST_F(credentials_provider_test, a_host_that_is_no_instance_says_what_is_missing) {
    answering_network net([](const std::string&) { return http_answer("404 Not Found"); });
    auto from = provider(net, {});
    auto got = world.run(from->get());
    ASSERT_FALSE(got);
    EXPECT_EQ(got.error().code, io::errc::access_denied);
    EXPECT_EQ(got.error().about, io::subject::store);
    EXPECT_THAT(got.error().context, HasSubstr("no credentials were given"));
}

TEST_F(credentials_provider_test, a_web_identity_reads_its_token_anew_each_time) {
    answering_network net([this](const std::string& request) {
        ++issued;
        EXPECT_THAT(request, HasSubstr("Action=AssumeRoleWithWebIdentity"));
        EXPECT_THAT(request, HasSubstr(fmt::format("WebIdentityToken=token-{}", issued)));
        const std::string expires = io::format_time(clock.wall_ms() + 3'600'000);
        return http_answer("200 OK", fmt::format("<AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult><Credentials><AccessKeyId>AK{}</AccessKeyId>"
                                                 "<SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken><Expiration>{}</Expiration></Credentials>"
                                                 "</AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>", issued, expires));
    });
    std::ofstream(folder.file("token")) << "token-1\n";
    auto from = provider(net, {{"AWS_ROLE_ARN", "arn:aws:iam::1:role/r"}, {"AWS_WEB_IDENTITY_TOKEN_FILE", folder.file("token")}});
    EXPECT_EQ(key_of(*from), "AK1");
    EXPECT_EQ(net.connected.at(0).host, "sts.eu-west-1.amazonaws.com");
    EXPECT_TRUE(net.connected.at(0).tls);
    std::ofstream(folder.file("token")) << "token-2\n";
    clock.ahead_ms += 59 * 60'000 + 30'000;
    EXPECT_EQ(key_of(*from), "AK2");
    for (const auto& line : world.journal.lines()) EXPECT_THAT(line, testing::Not(HasSubstr("token-")));
}

}  // namespace
