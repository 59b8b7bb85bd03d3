#include "s3/credentials_document.h"

#include <gtest/gtest.h>

namespace {

io::byte_view view(std::string_view text) { return io::view_of(text); }

const std::string ec2 =
    R"({"Code": "Success", "LastUpdated": "2026-11-23T08:00:00Z", "Type": "AWS-HMAC", "AccessKeyId": "ASIAEXAMPLE", "SecretAccessKey": "s/+=",
        "Token": "t\/=", "Expiration": "2026-11-23T14:00:00Z"})";

std::string sts(const std::string& inside) {
    return "<AssumeRoleWithWebIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><AssumeRoleWithWebIdentityResult>"
           "<SubjectFromWebIdentityToken>system:x</SubjectFromWebIdentityToken><Credentials>" +
           inside + "</Credentials></AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>";
}

const std::string sts_whole = sts(
    "<SessionToken>t&amp;/=</SessionToken><SecretAccessKey>s</SecretAccessKey><Expiration>2026-11-23T14:00:00Z</Expiration><AccessKeyId>ASIA2</AccessKeyId>");

TEST(credentials_document, of_an_instance_or_container) {
    const auto read = s3::read_json_credentials(view(ec2));
    ASSERT_TRUE(read) << read.error().context;
    EXPECT_EQ(read->access_key, "ASIAEXAMPLE");
    EXPECT_EQ(read->secret_key.reveal(), "s/+=");
    EXPECT_EQ(read->session_token.reveal(), "t/=");
    EXPECT_EQ(read->expires_ms, 1795442400000);
    const auto without_expiry = s3::read_json_credentials(view(R"({"AccessKeyId":"A","SecretAccessKey":"S","RoleArn":"x"})"));
    ASSERT_TRUE(without_expiry);
    EXPECT_FALSE(without_expiry->expires_ms);
}

TEST(credentials_document, of_sts) {
    const auto read = s3::read_sts_credentials(view(sts_whole));
    ASSERT_TRUE(read) << read.error().context;
    EXPECT_EQ(read->access_key, "ASIA2");
    EXPECT_EQ(read->session_token.reveal(), "t&/=");
    EXPECT_EQ(read->expires_ms, 1795442400000);
    EXPECT_FALSE(s3::read_sts_credentials(view(sts("<AccessKeyId>A</AccessKeyId><SecretAccessKey>S</SecretAccessKey>")))) << "without an expiration";
}

TEST(credentials_document, cut_off_anywhere_is_an_error_without_the_secret) {
    for (const auto& [whole, read] : {std::pair{ec2, &s3::read_json_credentials}, std::pair{sts_whole, &s3::read_sts_credentials}}) {
        ASSERT_TRUE(read(view(whole)));
        for (std::size_t size = 0; size < whole.size(); ++size) {
            const auto result = read(view(whole.substr(0, size)));
            ASSERT_FALSE(result) << whole.substr(0, size);
            EXPECT_EQ(result.error().code, io::errc::io_failure);
            EXPECT_EQ(result.error().about, io::subject::store);
            EXPECT_EQ(result.error().context.find("s/+="), std::string::npos);
        }
    }
}

TEST(credentials_document, what_is_missing_or_wrong_is_named_and_secrets_are_not_shown) {
    const std::pair<const char*, const char*> table[] = {
        {R"({"SecretAccessKey":"hunter2"})", "access key"},
        {R"({"AccessKeyId":"A"})", "secret key"},
        {R"({"AccessKeyId":"A","SecretAccessKey":7})", "secret key"},
        {R"({"AccessKeyId":"A","SecretAccessKey":"hunter2","Expiration":"soon"})", "expiration"},
        {R"({"AccessKeyId":"A","SecretAccessKey":"hunter2","Token":"a\r\nx-evil: 1"})", "header"},
        {R"({"AccessKeyId":"A,B","SecretAccessKey":"hunter2"})", "header"},
        {R"(["hunter2"])", "no JSON"},
        {R"("hunter2")", "no JSON"},
        {"<html>hunter2</html>", "no JSON"},
    };
    for (const auto& [text, words] : table) {
        const auto read = s3::read_json_credentials(view(text));
        ASSERT_FALSE(read) << text;
        EXPECT_NE(read.error().context.find(words), std::string::npos) << read.error().context;
        EXPECT_EQ(read.error().context.find("hunter2"), std::string::npos) << read.error().context;
    }
}

TEST(credentials_document, a_refusal_in_it_is_access_denied) {
    const auto read = s3::read_json_credentials(view(R"({"Code":"AssumeRoleUnauthorizedAccess","Message":"EC2 cannot assume the role r."})"));
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().code, io::errc::access_denied);
    EXPECT_NE(read.error().context.find("EC2 cannot assume the role r."), std::string::npos);
    EXPECT_EQ(s3::read_json_error(view(R"({"code":"InvalidToken","message":"no"})")), "InvalidToken: no");
    EXPECT_EQ(s3::read_json_error(view("nonsense")), "");
    EXPECT_EQ(s3::read_sts_error(view("<ErrorResponse><Error><Type>Sender</Type><Code>InvalidIdentityToken</Code><Message>bad</Message></Error></ErrorResponse>")),
              "InvalidIdentityToken: bad");
    EXPECT_EQ(s3::read_sts_error(view("<html>")), "");
}

TEST(credentials_document, sizes_are_checked_first) {
    std::string large = ec2;
    large.resize(s3::max_credentials_document, ' ');
    EXPECT_TRUE(s3::read_json_credentials(view(large)));
    large += ' ';
    EXPECT_EQ(s3::read_json_credentials(view(large)).error().code, io::errc::too_large);
    EXPECT_EQ(s3::read_sts_credentials(view(large)).error().code, io::errc::too_large);
    const std::string deep(s3::max_credentials_document, '[');
    EXPECT_EQ(s3::read_json_credentials(view(deep)).error().code, io::errc::io_failure);
}

}  // namespace
