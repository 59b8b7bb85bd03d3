#include "s3/endpoint.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "s3/uri.h"

namespace s3 {
namespace {

io::error bad(std::string_view url, std::string_view why) {
    return {io::errc::invalid, io::subject::usage, fmt::format("\"{}\" is not the address of a server: {}", url, why)};
}

bool is_ip(int family, const std::string& text) {
    unsigned char address[16];
    return inet_pton(family, text.c_str(), address) == 1;
}

// Letters, digits and '-' between dots, by RFC 1123, and '_', which internal names have.
bool is_name(std::string_view host) {
    if (host.empty() || host.size() > 253 || host.front() == '.' || host.find("..") != std::string_view::npos) return false;
    return std::ranges::all_of(host, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
    });
}

std::optional<std::uint16_t> parse_port(std::string_view text) {
    unsigned port = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
    if (error != std::errc() || end != text.data() + text.size() || port == 0 || port > 65535) return std::nullopt;
    return static_cast<std::uint16_t>(port);
}

}  // namespace

std::string server_address::authority() const {
    const std::string name = host.find(':') == std::string::npos ? host : "[" + host + "]";
    return port == (tls ? 443 : 80) ? name : fmt::format("{}:{}", name, port);
}

bool server_address::is_ip_literal() const { return is_ip(AF_INET, host) || is_ip(AF_INET6, host); }

io::result<server_address> parse_server(std::string_view url) {
    server_address at;
    std::string_view rest = url;
    if (rest.starts_with("https://")) {
        rest.remove_prefix(8);
    } else if (rest.starts_with("http://")) {
        rest.remove_prefix(7);
        at.tls = false;
    } else {
        return bad(url, "write http:// or https:// before the host");
    }
    at.port = at.tls ? 443 : 80;
    if (rest.ends_with('/')) rest.remove_suffix(1);
    if (rest.find('@') != std::string_view::npos) return bad("...", "credentials do not belong into it; give them by environment or profile");
    if (rest.find_first_of("/?#") != std::string_view::npos) return bad(url, "a path after the host is not supported");
    std::string_view port;
    if (rest.starts_with('[')) {
        const std::size_t end = rest.find(']');
        if (end == std::string_view::npos) return bad(url, "']' is missing");
        at.host = rest.substr(1, end - 1);
        if (!is_ip(AF_INET6, at.host)) return bad(url, "that is not an IPv6 address");
        port = rest.substr(end + 1);
    } else {
        const std::size_t colon = std::min(rest.find(':'), rest.size());
        at.host = rest.substr(0, colon);
        if (!is_name(at.host)) return bad(url, "that is not a host's name (an IPv6 address goes into brackets)");
        port = rest.substr(colon);
    }
    if (port.empty()) return at;
    const auto number = port.starts_with(':') ? parse_port(port.substr(1)) : std::nullopt;
    if (!number) return bad(url, "the port is not a number between 1 and 65535");
    at.port = *number;
    return at;
}

server_address endpoint::connect_to() const {
    server_address at = server;
    if (!path_style) at.host = bucket + "." + at.host;
    return at;
}

std::string endpoint::path(std::string_view key) const {
    if (!path_style) return "/" + encode_path(key);
    return "/" + encode_path(bucket) + (key.empty() ? "" : "/") + encode_path(key);
}

server_address aws_server(std::string_view region) {
    return {true, fmt::format("s3.{}.amazonaws.com{}", region, region.starts_with("cn-") ? ".cn" : ""), 443};
}

}  // namespace s3
