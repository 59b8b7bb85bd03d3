// Where a bucket is and how it is addressed. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "io/error.h"

namespace s3 {

// A server: "https://s3.eu-west-1.amazonaws.com", "http://[::1]:8000".
struct server_address {
    bool tls = true;
    std::string host;  // a name, an IPv4 or an IPv6 address (without brackets)
    std::uint16_t port = 443;

    // What a Host header says: brackets around IPv6, the port unless it is the scheme's own.
    std::string authority() const;
    bool is_ip_literal() const;
    bool operator==(const server_address&) const = default;
};

// "http://host", "https://host:port", with or without a final '/'. invalid (subject::usage) for anything else: no scheme, a user
// name, a path, a port outside 1..65535, a host that is neither a name nor an address.
io::result<server_address> parse_server(std::string_view url);

// One bucket on one server.
struct endpoint {
    server_address server;  // without the bucket's name
    std::string bucket;
    std::string region;
    bool path_style = true;  // https://server/bucket/key; else https://bucket.server/key
    bool custom = false;     // not AWS's own: messages name the server then

    // The server to connect to, and whose name its certificate must carry.
    server_address connect_to() const;
    // What the Host header says.
    std::string host_header() const { return connect_to().authority(); }
    // The path of a request for the object, or for the bucket itself if the key is empty; encoded.
    std::string path(std::string_view key) const;
};

// AWS's server of a region: s3.<region>.amazonaws.com, in China s3.<region>.amazonaws.com.cn.
server_address aws_server(std::string_view region);

}  // namespace s3
