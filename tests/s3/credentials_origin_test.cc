#include "s3/credentials_origin.h"

#include <gtest/gtest.h>

namespace {

s3::credentials_origin choose(const s3::variables& env, const std::optional<s3::profile>& from_files = {}) {
    auto origin = s3::choose_origin(env, from_files, "eu-west-1");
    EXPECT_TRUE(origin) << origin.error().context;
    return origin ? *origin : s3::credentials_origin(s3::credentials{});
}

std::string refusal(const s3::variables& env, const std::optional<s3::profile>& from_files = {}) {
    const auto origin = s3::choose_origin(env, from_files, "eu-west-1");
    EXPECT_FALSE(origin);
    if (origin) return {};
    EXPECT_EQ(origin.error().code, io::errc::invalid);
    EXPECT_EQ(origin.error().about, io::subject::usage);
    return origin.error().context;
}

s3::profile with_keys() {
    s3::profile p;
    p.keys = s3::credentials{"P", s3::secret("PS"), {}, {}};
    return p;
}

const s3::variables keys{{"AWS_ACCESS_KEY_ID", "A"}, {"AWS_SECRET_ACCESS_KEY", "S"}};
const s3::variables identity{{"AWS_ROLE_ARN", "arn:aws:iam::1:role/r"}, {"AWS_WEB_IDENTITY_TOKEN_FILE", "/token"}};

s3::variables all_of(std::initializer_list<s3::variables> some) {
    s3::variables out;
    for (const auto& each : some) out.insert(each.begin(), each.end());
    return out;
}

TEST(credentials_origin, the_order_is_aws_s) {
    const s3::variables container{{"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/v2/credentials/x"}};
    auto origin = choose(all_of({keys, identity, container}), with_keys());
    ASSERT_TRUE(std::holds_alternative<s3::credentials>(origin));
    EXPECT_EQ(std::get<s3::credentials>(origin).access_key, "A");
    EXPECT_TRUE(std::holds_alternative<s3::web_identity_origin>(choose(all_of({identity, container}), with_keys())));
    origin = choose(container, with_keys());
    ASSERT_TRUE(std::holds_alternative<s3::credentials>(origin));
    EXPECT_EQ(std::get<s3::credentials>(origin).access_key, "P");
    EXPECT_TRUE(std::holds_alternative<s3::container_origin>(choose(container)));
    EXPECT_TRUE(std::holds_alternative<s3::instance_origin>(choose({})));
}

TEST(credentials_origin, the_environments_keys_with_their_token) {
    auto env = keys;
    EXPECT_TRUE(std::get<s3::credentials>(choose(env)).session_token.empty());
    env["AWS_SESSION_TOKEN"] = "T";
    EXPECT_EQ(std::get<s3::credentials>(choose(env)).session_token.reveal(), "T");
    EXPECT_NE(refusal({{"AWS_ACCESS_KEY_ID", "A"}}).find("AWS_SECRET_ACCESS_KEY is not"), std::string::npos);
    EXPECT_NE(refusal({{"AWS_SECRET_ACCESS_KEY", "hunter2"}}).find("AWS_ACCESS_KEY_ID is not"), std::string::npos);
    env["AWS_SESSION_TOKEN"] = "hunter2\n";
    const std::string context = refusal(env);
    EXPECT_NE(context.find("line break"), std::string::npos);
    EXPECT_EQ(context.find("hunter2"), std::string::npos);
}

TEST(credentials_origin, a_web_identity_of_environment_or_profile) {
    auto from = std::get<s3::web_identity_origin>(choose(identity));
    EXPECT_EQ(from.role_arn, "arn:aws:iam::1:role/r");
    EXPECT_EQ(from.token_file, "/token");
    EXPECT_EQ(from.session_name, "flotilla");
    EXPECT_EQ(from.sts.authority(), "sts.eu-west-1.amazonaws.com");
    EXPECT_TRUE(from.sts.tls);
    s3::profile p;
    p.role_arn = "r";
    p.web_identity_token_file = "/t";
    p.role_session_name = "n";
    from = std::get<s3::web_identity_origin>(choose({{"AWS_ENDPOINT_URL_STS", "http://127.0.0.1:9"}}, p));
    EXPECT_EQ(from.role_arn + from.token_file + from.session_name, "r/tn");
    EXPECT_EQ(from.sts.authority(), "127.0.0.1:9");
    EXPECT_NE(refusal({{"AWS_WEB_IDENTITY_TOKEN_FILE", "/token"}}).find("AWS_ROLE_ARN is not"), std::string::npos);
}

TEST(credentials_origin, a_container_is_asked_only_where_aws_allows_it) {
    auto from = std::get<s3::container_origin>(choose({{"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/v2/x?a=b"}}));
    EXPECT_EQ(from.server.authority(), "169.254.170.2");
    EXPECT_EQ(from.path, "/v2/x?a=b");
    from = std::get<s3::container_origin>(
        choose({{"AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://169.254.170.23/v1/credentials"}, {"AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "/t"},
                {"AWS_CONTAINER_AUTHORIZATION_TOKEN", "unused"}}));
    EXPECT_EQ(from.server.authority() + from.path, "169.254.170.23/v1/credentials");
    EXPECT_EQ(from.token_file, "/t");
    EXPECT_TRUE(from.token.empty());
    for (const char* uri : {"http://localhost:8080/x", "http://127.0.0.2/x", "http://[::1]:9/x", "http://[fd00:ec2::23]/x", "https://anything.example.com/x?y"})
        EXPECT_TRUE(std::holds_alternative<s3::container_origin>(choose({{"AWS_CONTAINER_CREDENTIALS_FULL_URI", uri}}))) << uri;
    EXPECT_EQ(std::get<s3::container_origin>(choose({{"AWS_CONTAINER_CREDENTIALS_FULL_URI", "https://h?x"}})).path, "/?x");
    for (const char* uri : {"http://example.com/x", "http://127.evil.example.com/x", "http://169.254.170.20/x", "ftp://localhost/x", "nonsense", "http://localhost/a b"})
        refusal({{"AWS_CONTAINER_CREDENTIALS_FULL_URI", uri}});
    refusal({{"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "v2/x"}});
    refusal({{"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/v2\r\nx: y"}});
}

TEST(credentials_origin, an_instance_is_asked_last_and_may_be_forbidden) {
    EXPECT_EQ(std::get<s3::instance_origin>(choose({})).server.authority(), "169.254.169.254");
    EXPECT_EQ(std::get<s3::instance_origin>(choose({{"AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE", "IPv6"}})).server.authority(), "[fd00:ec2::254]");
    EXPECT_EQ(std::get<s3::instance_origin>(choose({{"AWS_EC2_METADATA_SERVICE_ENDPOINT", "http://127.0.0.1:7/"}})).server.authority(), "127.0.0.1:7");
    EXPECT_NE(refusal({{"AWS_EC2_METADATA_DISABLED", "TRUE"}}).find("no credentials"), std::string::npos);
    refusal({{"AWS_EC2_METADATA_SERVICE_ENDPOINT", "nowhere"}});
}

TEST(credentials_origin, a_description_for_logs_has_no_secret) {
    auto env = keys;
    EXPECT_EQ(s3::describe(choose(env), env), "the environment");
    EXPECT_EQ(s3::describe(choose({}, with_keys()), {{"AWS_PROFILE", "work"}}), "profile work");
    EXPECT_EQ(s3::describe(choose(identity), identity), "a web identity for arn:aws:iam::1:role/r at sts.eu-west-1.amazonaws.com");
    EXPECT_EQ(s3::describe(choose({}), {}), "the instance's endpoint 169.254.169.254");
    const s3::variables container{{"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/secret-id"}};
    EXPECT_EQ(s3::describe(choose(container), container), "the container's endpoint 169.254.170.2");
}

}  // namespace
