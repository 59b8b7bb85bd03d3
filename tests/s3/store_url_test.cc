#include "s3/store_url.h"

#include <gtest/gtest.h>

namespace {

s3::store_url read(std::string_view text, const s3::url_defaults& defaults = {}) {
    auto parsed = s3::parse_store_url(text, defaults);
    EXPECT_TRUE(parsed) << text << ": " << (parsed ? "" : parsed.error().context);
    return parsed ? *parsed : s3::store_url{};
}

std::string refusal(std::string_view text) {
    const auto parsed = s3::parse_store_url(text, {});
    EXPECT_FALSE(parsed) << text;
    if (parsed) return {};
    EXPECT_EQ(parsed.error().code, io::errc::invalid);
    EXPECT_EQ(parsed.error().about, io::subject::usage);
    return parsed.error().context;
}

TEST(store_url, a_bucket_alone_is_on_aws) {
    const auto url = read("s3://backups");
    EXPECT_EQ(url.at.bucket, "backups");
    EXPECT_EQ(url.prefix, "");
    EXPECT_EQ(url.at.region, "us-east-1");
    EXPECT_FALSE(url.at.path_style);
    EXPECT_FALSE(url.at.custom);
    EXPECT_EQ(url.at.host_header(), "backups.s3.us-east-1.amazonaws.com");
    EXPECT_TRUE(url.at.server.tls);
    EXPECT_EQ(url.signing, s3::payload_signing::hashed);
    EXPECT_EQ(url.text(), "s3://backups");
    EXPECT_TRUE(s3::is_store_url("s3://backups"));
    EXPECT_FALSE(s3::is_store_url("/s3://backups"));
}

TEST(store_url, a_prefix_is_a_key_whatever_slashes_surround_it) {
    EXPECT_EQ(read("s3://backups/a/b").prefix, "a/b");
    EXPECT_EQ(read("s3://backups/a/b/").prefix, "a/b");
    EXPECT_EQ(read("s3://backups//a").prefix, "a");
    EXPECT_EQ(read("s3://backups/").prefix, "");
    EXPECT_EQ(read("s3://backups/a%20b/%C3%A9+?region=eu-west-1").prefix, "a b/\xc3\xa9+");
    EXPECT_NE(refusal("s3://backups/a//b").find("empty part"), std::string::npos);
    EXPECT_NE(refusal("s3://backups/../b").find("\"..\""), std::string::npos);
    refusal("s3://backups/a%zz");
    refusal("s3://backups/a%00");
    refusal("s3://backups/a#b");
}

TEST(store_url, a_server_of_ones_own_is_addressed_by_path_unless_told) {
    const auto url = read("s3://bkt/p?endpoint=http://127.0.0.1:8000&region=eu-central-1");
    EXPECT_TRUE(url.at.path_style);
    EXPECT_TRUE(url.at.custom);
    EXPECT_EQ(url.at.host_header(), "127.0.0.1:8000");
    EXPECT_EQ(url.at.region, "eu-central-1");
    EXPECT_EQ(url.text(), "s3://bkt/p on 127.0.0.1:8000");
    EXPECT_EQ(read("s3://bkt?endpoint=http%3A%2F%2F%5B%3A%3A1%5D%3A8000").at.host_header(), "[::1]:8000");
    const auto virtual_host = read("s3://bkt?endpoint=https://store.example.com:8443&path-style=false");
    EXPECT_EQ(virtual_host.at.host_header(), "bkt.store.example.com:8443");
    EXPECT_NE(refusal("s3://bkt?endpoint=http://127.0.0.1:8000&path-style=false").find("is an address"), std::string::npos);
    EXPECT_NE(refusal("s3://bkt?endpoint=http://[::1]&path-style=false").find("is an address"), std::string::npos);
    EXPECT_NE(refusal("s3://bkt?endpoint=localhost:9000").find("http:// or https://"), std::string::npos);
}

TEST(store_url, litestreams_spelling_of_path_style_means_the_same) {
    for (const char* name : {"path-style", "forcePathStyle", "force-path-style"}) {
        EXPECT_TRUE(read("s3://bkt?" + std::string(name) + "=true").at.path_style);
        EXPECT_FALSE(read("s3://bkt?endpoint=https://h&" + std::string(name) + "=false").at.path_style);
        EXPECT_NE(refusal("s3://bkt?" + std::string(name) + "=yes").find("true or false"), std::string::npos);
    }
    EXPECT_NE(refusal("s3://bkt?path-style=true&forcePathStyle=true").find("twice"), std::string::npos);
}

TEST(store_url, a_bucket_with_dots_cannot_be_a_virtual_host_under_tls) {
    const auto url = read("s3://backups.example.com/p");
    EXPECT_TRUE(url.at.path_style);
    EXPECT_EQ(url.at.host_header(), "s3.us-east-1.amazonaws.com");
    EXPECT_EQ(url.at.path("p/k"), "/backups.example.com/p/k");
    EXPECT_NE(refusal("s3://backups.example.com?path-style=false").find("certificate"), std::string::npos);
    EXPECT_EQ(read("s3://a.bkt?endpoint=http://localhost:80&path-style=false").at.host_header(), "a.bkt.localhost");
}

TEST(store_url, names_of_buckets_and_regions_are_checked) {
    for (const char* bucket : {"", "ab", "Capital", "under_score", "-dash", "dash-", "a..b", "a.-b", "a-.b", "a b", "b\xc3\xa9t"})
        EXPECT_NE(refusal("s3://" + std::string(bucket)).find("name of a bucket"), std::string::npos) << bucket;
    refusal("s3://" + std::string(64, 'a'));
    EXPECT_EQ(read("s3://Old_Bucket?endpoint=http://h").at.bucket, "Old_Bucket");
    EXPECT_NE(refusal("s3://Old_Bucket?endpoint=http://h&path-style=false").find("name of a bucket"), std::string::npos);
    EXPECT_NE(refusal("s3://bkt?region=a/b").find("region"), std::string::npos);
    EXPECT_NE(refusal("s3://bkt?region=").find("no value"), std::string::npos);
}

TEST(store_url, E7_an_unknown_setting_is_an_error_that_lists_the_known_ones) {
    const std::string context = refusal("s3://bkt?endpiont=http://h");
    EXPECT_NE(context.find("endpiont"), std::string::npos);
    EXPECT_NE(context.find("endpoint, region, path-style"), std::string::npos);
    refusal("s3://bkt?skipVerify=true");
    refusal("s3://bkt?region=a&region=b");
    refusal("s3://bkt?%");
}

TEST(store_url, E7_settings_for_tls_are_refused_on_plain_http_and_obeyed_on_tls) {
    for (const char* setting : {"unsigned-payload=true", "ca=/ca.pem", "sse-c-key-file=/key"})
        EXPECT_NE(refusal("s3://bkt?endpoint=http://h&" + std::string(setting)).find("only for https"), std::string::npos);
    const auto url = read("s3://bkt?endpoint=https://h&unsigned-payload=true&ca=/etc/my+ca.pem&sse-c-key-file=/key");
    EXPECT_EQ(url.signing, s3::payload_signing::unsigned_payload);
    EXPECT_EQ(url.ca_file, "/etc/my ca.pem");
    EXPECT_EQ(url.customer_key_file, "/key");
    EXPECT_EQ(url.at_rest.kind, s3::encryption_kind::customer);
    EXPECT_EQ(read("s3://bkt?endpoint=http://h&unsigned-payload=false").signing, s3::payload_signing::hashed);
}

TEST(store_url, encryption_and_storage_class) {
    EXPECT_EQ(read("s3://bkt?sse=AES256&storage-class=STANDARD_IA").at_rest.kind, s3::encryption_kind::sse_s3);
    EXPECT_EQ(read("s3://bkt?storage-class=STANDARD_IA").storage_class, "STANDARD_IA");
    const auto kms = read("s3://bkt?sse=aws:kms&sse-kms-key-id=arn:aws:kms:x:1:key/k");
    EXPECT_EQ(kms.at_rest.kind, s3::encryption_kind::sse_kms);
    EXPECT_EQ(kms.at_rest.kms_key_id, "arn:aws:kms:x:1:key/k");
    refusal("s3://bkt?sse=rot13");
    refusal("s3://bkt?sse-kms-key-id=k");
    refusal("s3://bkt?sse=AES256&sse-kms-key-id=k");
    refusal("s3://bkt?sse=AES256&sse-c-key-file=/key");
    refusal("s3://bkt?storage-class=a%0d%0ab");
}

TEST(store_url, the_url_beats_the_environment) {
    const s3::url_defaults defaults{"eu-west-3", "https://minio.example.com"};
    EXPECT_EQ(read("s3://bkt", defaults).at.region, "eu-west-3");
    EXPECT_EQ(read("s3://bkt", defaults).at.host_header(), "minio.example.com");
    const auto url = read("s3://bkt?region=x-1&endpoint=http://h", defaults);
    EXPECT_EQ(url.at.region, "x-1");
    EXPECT_EQ(url.at.host_header(), "h");
}

TEST(store_url, passwords_in_a_url_are_refused_and_not_shown) {
    for (const char* text : {"s3://key:hunter2@bkt/p", "s3://hunter2@bkt", "s3://bkt?endpoint=http://k:hunter2@h"})
        EXPECT_EQ(refusal(text).find("hunter2"), std::string::npos);
    EXPECT_EQ(read("s3://bkt/a@b").prefix, "a@b");
}

TEST(store_url, other_schemes_are_refused) {
    refusal("gs://bkt");
    refusal("");
    refusal("s3:/bkt");
}

}  // namespace
