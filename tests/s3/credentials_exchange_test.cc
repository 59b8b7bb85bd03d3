#include "s3/credentials_exchange.h"

#include <gtest/gtest.h>

#include "s3/uri.h"

namespace {

const std::string document = R"({"AccessKeyId":"A","SecretAccessKey":"S","Token":"T","Expiration":"2026-11-23T14:00:00Z"})";

s3::http_response answer(unsigned status, std::string_view body) { return {{status, {}}, io::bytes(body.begin(), body.end())}; }

s3::credentials_exchange begin(const s3::credentials_origin& origin, std::string_view token = "") { return s3::credentials_exchange::begin(origin, token).value(); }

std::string text_of(const s3::http_request& request) {
    std::string text = request.method + " " + request.target();
    for (const auto& header : request.headers) text += "\n" + header.name + ": " + header.value;
    return text;
}

const s3::instance_origin instance{{false, "169.254.169.254", 80}};
const s3::web_identity_origin identity{"arn:aws:iam::1:role/r", "/token", "name", {true, "sts.eu-west-1.amazonaws.com", 443}};

s3::container_origin container() {
    s3::container_origin out;
    out.server = {false, "169.254.170.2", 80};
    out.path = "/v2/x?a=b";
    return out;
}

TEST(credentials_exchange, an_instance_takes_three_requests) {
    auto exchange = begin(instance);
    EXPECT_EQ(exchange.server().authority(), "169.254.169.254");
    EXPECT_EQ(text_of(exchange.next()), "PUT /latest/api/token\nhost: 169.254.169.254\nx-aws-ec2-metadata-token-ttl-seconds: 21600");
    auto taken = exchange.take(answer(200, "AQAEtoken==\n"));
    ASSERT_TRUE(taken);
    EXPECT_FALSE(*taken);
    EXPECT_EQ(text_of(exchange.next()), "GET /latest/meta-data/iam/security-credentials/\nhost: 169.254.169.254\nx-aws-ec2-metadata-token: AQAEtoken==");
    taken = exchange.take(answer(200, "my-role@x\nanother"));
    ASSERT_TRUE(taken);
    EXPECT_FALSE(*taken);
    EXPECT_EQ(exchange.next().path, "/latest/meta-data/iam/security-credentials/my-role%40x");
    EXPECT_EQ(*s3::find_header(exchange.next().headers, "x-aws-ec2-metadata-token"), "AQAEtoken==");
    taken = exchange.take(answer(200, document));
    ASSERT_TRUE(taken && *taken);
    EXPECT_EQ((*taken)->access_key, "A");
    EXPECT_EQ((*taken)->session_token.reveal(), "T");
}

TEST(credentials_exchange, what_an_instance_answers_is_not_trusted) {
    for (const char* body : {"", "\n", "to\x01ken"}) EXPECT_FALSE(begin(instance).take(answer(200, body)));
    auto exchange = begin(instance);
    ASSERT_TRUE(exchange.take(answer(200, "token")));
    for (const char* role : {"", "a/../b", "a b", "<html>"}) {
        auto copy = exchange;
        const auto taken = copy.take(answer(200, role));
        ASSERT_FALSE(taken) << role;
        EXPECT_EQ(taken.error().code, io::errc::io_failure);
    }
}

TEST(credentials_exchange, a_host_without_roles_is_told_that_there_are_no_credentials) {
    auto exchange = begin(instance);
    EXPECT_NE(exchange.take(answer(404, "")).error().context.find("no credentials were given"), std::string::npos);
    ASSERT_TRUE(exchange.take(answer(200, "token")));
    const auto taken = exchange.take(answer(404, "<html>"));
    ASSERT_FALSE(taken);
    EXPECT_EQ(taken.error().code, io::errc::access_denied);
    EXPECT_NE(taken.error().context.find("the instance has no role"), std::string::npos);
}

TEST(credentials_exchange, a_container_is_asked_with_its_token) {
    auto from = container();
    EXPECT_EQ(text_of(begin(from).next()), "GET /v2/x?a=b\nhost: 169.254.170.2\naccept: application/json");
    from.token = s3::secret("Bearer t");
    EXPECT_EQ(*s3::find_header(begin(from).next().headers, "authorization"), "Bearer t");
    from.token_file = "/var/run/token";
    EXPECT_EQ(*s3::find_header(begin(from, "from file\r\n").next().headers, "authorization"), "from file");
    auto exchange = begin(from, "x");
    const auto taken = exchange.take(answer(200, document));
    ASSERT_TRUE(taken && *taken);
    EXPECT_EQ((*taken)->expires_ms, 1795442400000);
    for (const std::string& token : {std::string(), std::string("\n"), std::string("a\nb: c"), std::string(70'000, 'x')}) {
        const auto refused = s3::credentials_exchange::begin(from, token);
        ASSERT_FALSE(refused);
        EXPECT_EQ(refused.error().code, io::errc::invalid);
        EXPECT_EQ(refused.error().context, "/var/run/token holds no token");
    }
}

TEST(credentials_exchange, a_web_identity_is_exchanged_by_a_form) {
    auto exchange = begin(identity, "eyJ.a+b/c=\n");
    EXPECT_EQ(exchange.server().authority(), "sts.eu-west-1.amazonaws.com");
    const auto request = exchange.next();
    EXPECT_EQ(request.method + " " + request.target(), "POST /");
    EXPECT_EQ(*s3::find_header(request.headers, "content-type"), "application/x-www-form-urlencoded");
    EXPECT_EQ(io::text_of(request.body.view()),
              "Action=AssumeRoleWithWebIdentity&RoleArn=arn%3Aaws%3Aiam%3A%3A1%3Arole%2Fr&RoleSessionName=name&Version=2011-06-15&WebIdentityToken=eyJ.a%2Bb%2Fc%3D");
    const auto taken = exchange.take(
        answer(200, "<AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult><Credentials><AccessKeyId>A</AccessKeyId><SecretAccessKey>S</SecretAccessKey>"
                    "<SessionToken>T</SessionToken><Expiration>2026-11-23T14:00:00Z</Expiration></Credentials></AssumeRoleWithWebIdentityResult>"
                    "</AssumeRoleWithWebIdentityResponse>"));
    ASSERT_TRUE(taken && *taken) << taken.error().context;
    EXPECT_EQ((*taken)->access_key, "A");
    EXPECT_FALSE(s3::credentials_exchange::begin(identity, ""));
}

TEST(credentials_exchange, refusals_are_told_apart_from_failures_that_pass) {
    struct row {
        s3::credentials_origin origin;
        unsigned status;
        const char* body;
        io::errc code;
        const char* words;
    };
    const std::string sts_error = "<ErrorResponse><Error><Code>InvalidIdentityToken</Code><Message>Incorrect token</Message></Error></ErrorResponse>";
    const std::string idp = "<ErrorResponse><Error><Code>IDPCommunicationError</Code><Message>x</Message></Error></ErrorResponse>";
    const row table[] = {
        {identity, 400, sts_error.c_str(), io::errc::access_denied, "InvalidIdentityToken: Incorrect token"},
        {identity, 400, idp.c_str(), io::errc::io_failure, "IDPCommunicationError"},
        {identity, 400, "<ErrorResponse><Error><Code>Throttling</Code></Error></ErrorResponse>", io::errc::busy, "Throttling"},
        {identity, 503, "<html>", io::errc::io_failure, "HTTP 503"},
        {container(), 403, R"({"code":"AccessDenied","message":"bad token"})", io::errc::access_denied, "AccessDenied: bad token"},
        {container(), 429, "", io::errc::busy, "HTTP 429"},
        {container(), 500, "", io::errc::io_failure, "169.254.170.2: HTTP 500"},
        {instance, 301, "", io::errc::access_denied, "HTTP 301"},
    };
    for (const auto& r : table) {
        auto exchange = begin(r.origin, "token");
        const auto taken = exchange.take(answer(r.status, r.body));
        ASSERT_FALSE(taken) << r.body;
        EXPECT_EQ(taken.error().code, r.code) << taken.error().context;
        EXPECT_EQ(taken.error().about, io::subject::store);
        EXPECT_NE(taken.error().context.find(r.words), std::string::npos) << taken.error().context;
    }
    EXPECT_EQ(begin(container()).take(answer(200, "{")).error().code, io::errc::io_failure);
}

}  // namespace
