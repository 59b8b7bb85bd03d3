#include "s3/sigv4.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "s3/canonical.h"
#include "s3/uri.h"

namespace {

using s3::http_request;
using s3::payload_signing;

constexpr std::int64_t august_30 = 1440938160000;  // 2015-08-30T12:36:00Z
constexpr std::int64_t may_24 = 1369353600000;     // 2013-05-24T00:00:00Z
const std::string empty_hash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

s3::shared_bytes body_of(std::string_view text) { return io::bytes(text.begin(), text.end()); }

// "SignedHeaders=..., Signature=..." of what sign() left.
std::string credential_of(const http_request& request) { return *s3::find_header(request.headers, "authorization"); }
std::string signature_of(const http_request& request) {
    const std::string text = credential_of(request);
    return text.substr(text.rfind('=') + 1);
}

// One case of AWS's published suite for Signature Version 4: key pair AKIDEXAMPLE, region us-east-1, a service named "service",
// 2015-08-30T12:36:00Z, host example.amazonaws.com. These sign no x-amz-content-sha256, so the texts are put together here.
struct published {
    std::string name, method, path;  // the path as it is meant
    std::vector<s3::query_parameter> query;
    std::vector<s3::http_header> headers;
    std::string signature;
};

std::ostream& operator<<(std::ostream& out, const published& p) { return out << p.name; }

const std::string letters = "-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const std::string sts_token =
    "AQoDYXdzEPT//////////wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwAeMicRXmxfpSPfIeoIYRqTflfKD8YUuwthAx7mSEI/qkPpKPi/"
    "kMcGdQrmGdeehM4IC1NtBmUpp2wUE8phUZampKsburEDy0KPkyQDYwT7WZ0wq5VSXDvp75YU9HFvlRd8Tx6q6fE8YQcHNVXAkiY9q6d+xo0rKwT38xVqr7ZD0u0iPPkUL64lIZbqBAz+"
    "scqKmlzm8FDrypNC9Yjc8fPOLn9FX9KSYvKTr4rvx3iSIlTJabIQwj2ICCR/oLxBA==";

const std::vector<published> suite{
    {"vanilla", "GET", "/", {}, {}, "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
    {"post", "POST", "/", {}, {}, "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"},
    {"repeated_header", "GET", "/", {}, {{"My-Header1", "value2"}, {"My-Header1", "value2"}, {"My-Header1", "value1"}},
     "c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea"},
    {"repeated_header_keeps_its_order", "GET", "/", {},
     {{"My-Header1", "value4"}, {"My-Header1", "value1"}, {"My-Header1", "value3"}, {"My-Header1", "value2"}},
     "08c7e5a9acfcfeb3ab6b2185e75ce8b1deb5e634ec47601a50643f830c755c01"},
    {"folded_header", "GET", "/", {}, {{"My-Header1", "value1\n  value2\n     value3"}},
     "cfd34249e4b1c8d6b91ef74165d41a32e5fab3306300901bb65a51a73575eefd"},
    {"blanks", "GET", "/", {}, {{"My-Header1", " value1"}, {"My-Header2", " \"a   b   c\""}},
     "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736"},
    {"header_order", "POST", "/", {}, {{"My-Header1", "value1"}}, "c5410059b04c1ee005303aed430f6e6645f61f4dc9e1461ec8f8916fdf18852c"},
    {"header_value_keeps_case", "POST", "/", {}, {{"My-Header1", "VALUE1"}}, "cdbc9802e29d2942e5e10b5bccfdd67c5f22c7c4e8ae67b53629efa58b974b7d"},
    {"two_dots_stay", "GET", "/example/..", {}, {}, "eca7ead57bb5aa5c8e28007acd4ff04e1ff9a0ff3b237ec1554a184887ff9282"},
    {"four_dots_stay", "GET", "/example1/example2/../..", {}, {}, "dc33e0856fd4baca4d7aa2146c38958283844764f38c74252a333df5e613003b"},
    {"a_dot_stays", "GET", "/./", {}, {}, "68714168e6557f8f2de0ef956fc24dc2593a4bd2961f8df51898d8a134695145"},
    {"a_dot_before_a_name_stays", "GET", "/./example", {}, {}, "beb03f223f7deae4146464f06e29eebbee9c8afbe15c290cf07aa8b119e14cff"},
    {"slashes_stay", "GET", "//", {}, {}, "c88bcd3d312d75078c0cd961d6deae3f4c754924b01669efcfcb439fd5e5b76e"},
    {"slashes_around_stay", "GET", "//example//", {}, {}, "87cca117541a147f6df867677d98a7d80dff226d2bfca9e4ffa899665623c7e5"},
    {"space", "GET", "/example space/", {}, {}, "652487583200325589f1fba4c7e578f72c47cb61beeca81406b39ddec1366741"},
    {"unreserved", "GET", "/" + letters, {}, {}, "07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f"},
    {"utf8", "GET", "/\xe1\x88\xb4", {}, {}, "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85"},
    {"query", "GET", "/", {{"Param1", "value1"}}, {}, "a67d582fa61cc504c4bae71f336f98b97f1ea3c7a6bfe1b6e45aec72011b9aeb"},
    {"post_query", "POST", "/", {{"Param1", "value1"}}, {}, "28038455d6de14eafc1f9222cf5aa6f1a96197d7deb8263271d420d138af7f11"},
    {"query_order", "GET", "/", {{"Param2", "value2"}, {"Param1", "value1"}}, {}, "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"},
    {"query_order_is_of_the_encoded_names", "GET", "/", {{"Param-3", "Value3"}, {"Param", "Value2"}, {"\xe1\x88\xb4", "Value1"}}, {},
     "371d3713e185cc334048618a97f809c9ffe339c62934c032af5a0e595648fcac"},
    {"query_unreserved", "GET", "/", {{letters, letters}}, {}, "9c3e54bfcdf0b19771a7f523ee5669cdf59bc7cc0884027167c21bb143a40197"},
    {"query_utf8", "GET", "/", {{"\xe1\x88\xb4", "bar"}}, {}, "2cdec8eed098649ff3a119c94853b13c643bcf08f8b0a1d91e12c9027818dd04"},
    {"session_token", "GET", "/", {}, {{"X-Amz-Security-Token", "6e86291e8372ff2a2260956d9b8aae1d763fbf315fa00fa31553b73ebf194267"}},
     "07ec1639c89043aa0e3e2de82b96708f198cceab042d4a97044c66dd9f74e7f8"},
    {"sts_token", "POST", "/", {}, {{"X-Amz-Security-Token", sts_token}}, "85d96828115b5dc0cfc3bd16ad9e210dd772bbebba041836c64533a82be05ead"},
};

class published_suite : public testing::TestWithParam<published> {};

TEST_P(published_suite, signature_is_the_published_one) {
    const published& p = GetParam();
    http_request request{p.method, s3::encode_path(p.path), s3::encode_query(p.query), p.headers, {}};
    request.headers.push_back({"Host", "example.amazonaws.com"});
    request.headers.push_back({"X-Amz-Date", s3::amz_date(august_30)});
    const auto canonical = s3::canonical_request(request, empty_hash);
    const auto text = s3::string_to_sign(s3::amz_date(august_30), "20150830/us-east-1/service/aws4_request", canonical.text);
    const auto key = s3::signing_key(s3::secret("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"), "20150830", "us-east-1", "service");
    EXPECT_EQ(s3::to_hex(s3::hmac_sha256(key, io::view_of(text))), p.signature) << canonical.text;
}

INSTANTIATE_TEST_SUITE_P(aws, published_suite, testing::ValuesIn(suite), [](const auto& info) { return info.param.name; });

// The examples of the S3 API reference, "Authenticating Requests": one bucket, one key pair, the whole of sign().
const s3::credentials example{"AKIAIOSFODNN7EXAMPLE", s3::secret("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"), {}, {}};

http_request to_example_bucket(std::string method, std::string path, std::string query = {}) {
    return {std::move(method), std::move(path), std::move(query), {{"Host", "examplebucket.s3.amazonaws.com"}}, {}};
}

TEST(sigv4, a_get_with_a_range_is_signed_as_the_reference_says) {
    auto request = to_example_bucket("GET", "/test.txt");
    request.headers.push_back({"Range", "bytes=0-9"});
    s3::signer("us-east-1").sign(request, example, may_24, payload_signing::hashed);
    EXPECT_EQ(credential_of(request),
              "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, "
              "SignedHeaders=host;range;x-amz-content-sha256;x-amz-date, "
              "Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");
    EXPECT_EQ(*s3::find_header(request.headers, "x-amz-content-sha256"), empty_hash);
    EXPECT_EQ(*s3::find_header(request.headers, "x-amz-date"), "20130524T000000Z");
}

TEST(sigv4, a_put_signs_the_hash_of_its_body_and_a_path_encoded_once) {
    auto request = to_example_bucket("PUT", s3::encode_path("/test$file.text"));
    request.headers.push_back({"Date", "Fri, 24 May 2013 00:00:00 GMT"});
    request.headers.push_back({"x-amz-storage-class", "REDUCED_REDUNDANCY"});
    request.body = body_of("Welcome to Amazon S3.");
    s3::signer("us-east-1").sign(request, example, may_24, payload_signing::hashed);
    EXPECT_EQ(*s3::find_header(request.headers, "x-amz-content-sha256"), "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072");
    EXPECT_EQ(signature_of(request), "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd");
}

TEST(sigv4, queries_are_signed_as_the_reference_says) {
    s3::signer signer("us-east-1");
    auto lifecycle = to_example_bucket("GET", "/", s3::encode_query({{"lifecycle", ""}}));
    signer.sign(lifecycle, example, may_24, payload_signing::hashed);
    EXPECT_EQ(signature_of(lifecycle), "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543");
    auto list = to_example_bucket("GET", "/", s3::encode_query({{"prefix", "J"}, {"max-keys", "2"}}));
    signer.sign(list, example, may_24, payload_signing::hashed);
    EXPECT_EQ(signature_of(list), "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7");
}

TEST(sigv4, an_unsigned_payload_says_so_under_the_signature) {
    auto request = to_example_bucket("PUT", "/key");
    request.body = body_of("one body");
    s3::signer signer("us-east-1");
    signer.sign(request, example, may_24, payload_signing::unsigned_payload);
    EXPECT_EQ(*s3::find_header(request.headers, "x-amz-content-sha256"), "UNSIGNED-PAYLOAD");
    EXPECT_NE(credential_of(request).find("x-amz-content-sha256"), std::string::npos);
    const std::string first = signature_of(request);
    request.body = body_of("another");
    signer.sign(request, example, may_24, payload_signing::unsigned_payload);
    EXPECT_EQ(signature_of(request), first);
    signer.sign(request, example, may_24, payload_signing::hashed);
    EXPECT_NE(signature_of(request), first);
}

TEST(sigv4, the_session_token_is_sent_and_signed_and_goes_with_its_credentials) {
    auto request = to_example_bucket("GET", "/key");
    auto temporary = example;
    temporary.session_token = s3::secret("a token");
    s3::signer signer("us-east-1");
    signer.sign(request, temporary, may_24, payload_signing::hashed);
    EXPECT_EQ(*s3::find_header(request.headers, "x-amz-security-token"), "a token");
    EXPECT_NE(credential_of(request).find(";x-amz-security-token"), std::string::npos);
    signer.sign(request, example, may_24, payload_signing::hashed);
    EXPECT_EQ(s3::find_header(request.headers, "x-amz-security-token"), nullptr);
    EXPECT_EQ(credential_of(request).find("x-amz-security-token"), std::string::npos);
}

TEST(sigv4, signing_the_next_attempt_gives_what_signing_anew_gives) {
    s3::signer signer("us-east-1");
    auto again = to_example_bucket("GET", "/key");
    for (const std::int64_t at : {may_24, may_24 + 1000, may_24 + 86'400'000, may_24}) {
        signer.sign(again, example, at, payload_signing::hashed);
        auto anew = to_example_bucket("GET", "/key");
        s3::signer("us-east-1").sign(anew, example, at, payload_signing::hashed);
        EXPECT_EQ(credential_of(again), credential_of(anew));
        EXPECT_EQ(again.headers.size(), anew.headers.size());
    }
}

TEST(sigv4, a_rotated_secret_is_used_at_once) {
    s3::signer signer("us-east-1");
    auto request = to_example_bucket("GET", "/key");
    signer.sign(request, example, may_24, payload_signing::hashed);
    const std::string before = signature_of(request);
    auto rotated = example;
    rotated.secret_key = s3::secret("another secret");
    signer.sign(request, rotated, may_24, payload_signing::hashed);
    const std::string after = signature_of(request);
    EXPECT_NE(after, before);
    s3::signer("us-east-1").sign(request, rotated, may_24, payload_signing::hashed);
    EXPECT_EQ(signature_of(request), after);
}

TEST(sigv4, headers_that_proxies_change_are_not_signed) {
    auto request = to_example_bucket("PUT", "/key");
    for (const char* name : {"User-Agent", "Connection", "Expect", "Transfer-Encoding"}) request.headers.push_back({name, "x"});
    s3::signer("us-east-1").sign(request, example, may_24, payload_signing::hashed);
    EXPECT_NE(credential_of(request).find("SignedHeaders=host;x-amz-content-sha256;x-amz-date,"), std::string::npos) << credential_of(request);
}

TEST(sigv4, dates_are_utc_and_reach_beyond_32_bits) {
    EXPECT_EQ(s3::amz_date(0), "19700101T000000Z");
    EXPECT_EQ(s3::amz_date(951827696789), "20000229T123456Z");
    EXPECT_EQ(s3::amz_date(4102444799999), "20991231T235959Z");
    EXPECT_EQ(s3::amz_date(-1), "19691231T235959Z");
}

}  // namespace
