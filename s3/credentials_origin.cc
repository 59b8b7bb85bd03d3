#include "s3/credentials_origin.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace s3 {
namespace {

io::error bad(std::string why) { return {io::errc::invalid, io::subject::usage, std::move(why)}; }

io::result<std::optional<credentials>> from_environment(const variables& env) {
    const std::string id = variable(env, "AWS_ACCESS_KEY_ID"), key = variable(env, "AWS_SECRET_ACCESS_KEY");
    if (id.empty() && key.empty()) return std::optional<credentials>();
    if (id.empty()) return bad("AWS_SECRET_ACCESS_KEY is set, but AWS_ACCESS_KEY_ID is not");
    if (key.empty()) return bad("AWS_ACCESS_KEY_ID is set, but AWS_SECRET_ACCESS_KEY is not");
    credentials out{id, secret(key), secret(variable(env, "AWS_SESSION_TOKEN")), std::nullopt};
    if (!fits_headers(out)) return bad("AWS_ACCESS_KEY_ID or AWS_SESSION_TOKEN holds characters that no header can carry, a line break perhaps");
    return std::optional(std::move(out));
}

io::result<server_address> sts_server(const variables& env, const std::string& region) {
    const std::string own = variable(env, "AWS_ENDPOINT_URL_STS");
    if (own.empty()) return server_address{true, fmt::format("sts.{}.amazonaws.com{}", region, region.starts_with("cn-") ? ".cn" : ""), 443};
    auto parsed = parse_server(own);
    if (!parsed) return parsed.error().within("AWS_ENDPOINT_URL_STS");
    return parsed;
}

io::result<std::optional<web_identity_origin>> web_identity(const variables& env, const std::optional<profile>& from_files, const std::string& region) {
    web_identity_origin out{variable(env, "AWS_ROLE_ARN"), variable(env, "AWS_WEB_IDENTITY_TOKEN_FILE"), variable(env, "AWS_ROLE_SESSION_NAME"), {}};
    if (out.token_file.empty() || out.role_arn.empty()) {
        if (!out.token_file.empty()) return bad("AWS_WEB_IDENTITY_TOKEN_FILE is set, but AWS_ROLE_ARN is not");
        const bool by_profile = from_files && !from_files->keys && !from_files->role_arn.empty() && !from_files->web_identity_token_file.empty();
        if (!by_profile) return std::optional<web_identity_origin>();
        out = {from_files->role_arn, from_files->web_identity_token_file, from_files->role_session_name, {}};
    }
    if (out.session_name.empty()) out.session_name = "flotilla";
    auto server = sts_server(env, region);
    if (!server) return server.error();
    out.sts = *server;
    return std::optional(std::move(out));
}

// What AWS allows without TLS: loopback, ECS, EKS.
bool may_be_plain(const std::string& host) {
    constexpr std::array<std::string_view, 5> allowed{"localhost", "::1", "169.254.170.2", "169.254.170.23", "fd00:ec2::23"};
    return std::ranges::find(allowed, host) != allowed.end() || (host.starts_with("127.") && server_address{false, host, 80}.is_ip_literal());
}

io::result<std::optional<container_origin>> container(const variables& env) {
    const std::string relative = variable(env, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"), full = variable(env, "AWS_CONTAINER_CREDENTIALS_FULL_URI");
    if (relative.empty() && full.empty()) return std::optional<container_origin>();
    container_origin out;
    out.server = {false, "169.254.170.2", 80};
    out.path = relative;
    if (relative.empty()) {
        const std::size_t host = full.find("://");
        const std::size_t slash = std::min(full.find_first_of("/?", host == std::string::npos ? 0 : host + 3), full.size());
        auto parsed = parse_server(full.substr(0, slash));
        if (!parsed) return parsed.error().within("AWS_CONTAINER_CREDENTIALS_FULL_URI");
        if (!parsed->tls && !may_be_plain(parsed->host))
            return bad(fmt::format("AWS_CONTAINER_CREDENTIALS_FULL_URI: plain http is allowed to loopback and AWS's own addresses, not to {}", parsed->host));
        out.server = *parsed;
        out.path = full.substr(slash);
        if (!out.path.starts_with('/')) out.path.insert(0, "/");
    }
    const auto printable = [](char c) { return c > ' ' && c < 0x7f; };
    if (!out.path.starts_with('/') || !std::ranges::all_of(out.path, printable)) return bad("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI is not a path");
    out.token_file = variable(env, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
    if (out.token_file.empty()) out.token = secret(variable(env, "AWS_CONTAINER_AUTHORIZATION_TOKEN"));
    return std::optional(std::move(out));
}

io::result<credentials_origin> instance(const variables& env) {
    std::string disabled = variable(env, "AWS_EC2_METADATA_DISABLED");
    std::ranges::transform(disabled, disabled.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    if (disabled == "true")
        return bad("no credentials: neither AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, nor a web identity, a profile or a container's endpoint, and "
                   "AWS_EC2_METADATA_DISABLED forbids to ask the instance");
    const std::string own = variable(env, "AWS_EC2_METADATA_SERVICE_ENDPOINT");
    if (own.empty()) {
        const bool v6 = variable(env, "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE") == "IPv6";
        return credentials_origin(instance_origin{{false, v6 ? "fd00:ec2::254" : "169.254.169.254", 80}});
    }
    auto parsed = parse_server(own);
    if (!parsed) return parsed.error().within("AWS_EC2_METADATA_SERVICE_ENDPOINT");
    return credentials_origin(instance_origin{*parsed});
}

}  // namespace

io::result<credentials_origin> choose_origin(const variables& env, const std::optional<profile>& from_files, const std::string& region) {
    auto keys = from_environment(env);
    if (!keys) return keys.error();
    if (*keys) return credentials_origin(**std::move(keys));
    auto exchanged = web_identity(env, from_files, region);
    if (!exchanged) return exchanged.error();
    if (*exchanged) return credentials_origin(**std::move(exchanged));
    if (from_files && from_files->keys) return credentials_origin(*from_files->keys);
    auto from_container = container(env);
    if (!from_container) return from_container.error();
    if (*from_container) return credentials_origin(**std::move(from_container));
    return instance(env);
}

std::string describe(const credentials_origin& origin, const variables& env) {
    if (std::holds_alternative<credentials>(origin)) return variable(env, "AWS_ACCESS_KEY_ID").empty() ? "profile " + find_profile(env).name : "the environment";
    if (const auto* from = std::get_if<web_identity_origin>(&origin)) return fmt::format("a web identity for {} at {}", from->role_arn, from->sts.authority());
    if (const auto* from = std::get_if<container_origin>(&origin)) return "the container's endpoint " + from->server.authority();
    return "the instance's endpoint " + std::get<instance_origin>(origin).server.authority();
}

}  // namespace s3
