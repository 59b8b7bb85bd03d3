#include "s3/endpoint.h"

#include <gtest/gtest.h>

namespace {

TEST(endpoint, servers_are_read_and_written_back_as_a_host_header) {
    struct row {
        const char *url, *host;
        std::uint16_t port;
        bool tls;
        const char* authority;
    };
    const row table[] = {
        {"http://127.0.0.1:8000", "127.0.0.1", 8000, false, "127.0.0.1:8000"},
        {"https://minio.example.com", "minio.example.com", 443, true, "minio.example.com"},
        {"https://minio.example.com:443/", "minio.example.com", 443, true, "minio.example.com"},
        {"http://store:80", "store", 80, false, "store"},
        {"http://store:443", "store", 443, false, "store:443"},
        {"http://[::1]:8000", "::1", 8000, false, "[::1]:8000"},
        {"https://[2001:db8::7]", "2001:db8::7", 443, true, "[2001:db8::7]"},
        {"http://ceph_rgw:7480/", "ceph_rgw", 7480, false, "ceph_rgw:7480"},
    };
    for (const auto& r : table) {
        const auto at = s3::parse_server(r.url);
        ASSERT_TRUE(at) << r.url << ": " << at.error().context;
        EXPECT_EQ(*at, (s3::server_address{r.tls, r.host, r.port}));
        EXPECT_EQ(at->authority(), r.authority);
    }
}

TEST(endpoint, what_is_no_server_is_refused_with_a_reason) {
    const std::pair<const char*, const char*> table[] = {
        {"localhost:9000", "http:// or https://"}, {"", "http:// or https://"},        {"ftp://h", "http:// or https://"},
        {"http://", "host's name"},                {"http://h/minio", "path"},         {"http://h?x=1", "path"},
        {"http://h:0", "port"},                    {"http://h:65536", "port"},         {"http://h:8o", "port"},
        {"http://h:", "port"},                     {"http://[::1", "']'"},             {"http://[::1]8000", "port"},
        {"http://[nonsense]", "IPv6"},             {"http://::1:8000", "host's name"}, {"http://a..b", "host's name"},
        {"http://a b", "host's name"},             {"http://[fe80::1%eth0]", "IPv6"},
    };
    for (const auto& [url, reason] : table) {
        const auto at = s3::parse_server(url);
        ASSERT_FALSE(at) << url;
        EXPECT_EQ(at.error().code, io::errc::invalid);
        EXPECT_EQ(at.error().about, io::subject::usage);
        EXPECT_NE(at.error().context.find(reason), std::string::npos) << at.error().context;
    }
}

TEST(endpoint, credentials_in_an_address_are_refused_and_not_shown) {
    const auto at = s3::parse_server("https://key:hunter2@h");
    ASSERT_FALSE(at);
    EXPECT_EQ(at.error().context.find("hunter2"), std::string::npos);
}

TEST(endpoint, path_style_and_virtual_hosts) {
    s3::endpoint at{{false, "::1", 8000}, "bucket", "us-east-1", true, true};
    EXPECT_EQ(at.host_header(), "[::1]:8000");
    EXPECT_EQ(at.connect_to().host, "::1");
    EXPECT_EQ(at.path("a b/c"), "/bucket/a%20b/c");
    EXPECT_EQ(at.path(""), "/bucket");
    at = {{true, "s3.eu-west-1.amazonaws.com", 443}, "bucket", "eu-west-1", false, false};
    EXPECT_EQ(at.host_header(), "bucket.s3.eu-west-1.amazonaws.com");
    EXPECT_EQ(at.connect_to().host, "bucket.s3.eu-west-1.amazonaws.com");
    EXPECT_EQ(at.path("a b/c"), "/a%20b/c");
    EXPECT_EQ(at.path(""), "/");
}

TEST(endpoint, aws_has_one_server_a_region) {
    EXPECT_EQ(s3::aws_server("eu-west-1").authority(), "s3.eu-west-1.amazonaws.com");
    EXPECT_EQ(s3::aws_server("cn-north-1").authority(), "s3.cn-north-1.amazonaws.com.cn");
    EXPECT_TRUE(s3::aws_server("us-east-1").tls);
}

}  // namespace
