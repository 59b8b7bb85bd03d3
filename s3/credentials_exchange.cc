#include "s3/credentials_exchange.h"

#include <fmt/format.h>

#include <algorithm>

#include "s3/credentials_document.h"
#include "s3/uri.h"

namespace s3 {
namespace {

constexpr std::string_view roles_path = "/latest/meta-data/iam/security-credentials/";
constexpr std::size_t max_token = std::size_t{64} << 10;

io::error bad(io::errc code, std::string why) { return {code, io::subject::store, std::move(why)}; }

bool is_token(std::string_view text) {
    return !text.empty() && text.size() <= max_token && std::ranges::all_of(text, [](char c) { return c >= 0x20 && c < 0x7f; });
}

std::string_view first_line(std::string_view text) { return text.substr(0, text.find_first_of("\r\n")); }

// What IAM allows in the name of a role.
bool is_role(std::string_view name) {
    static constexpr std::string_view others = "+=,.@-_";
    return !name.empty() && name.size() <= 128 && std::ranges::all_of(name, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || others.find(c) != std::string_view::npos;
    });
}

shared_bytes body_of(std::string_view text) { return io::bytes(text.begin(), text.end()); }

http_request make(const server_address& server, std::string_view method, std::string_view target) {
    const std::size_t question = std::min(target.find('?'), target.size());
    return {std::string(method), std::string(target.substr(0, question)), std::string(target.substr(std::min(target.size(), question + 1))),
            {{"host", server.authority()}}, {}};
}

http_request sts_request(const web_identity_origin& from, const secret& token) {
    auto request = make(from.sts, "POST", "/");
    request.headers.push_back({"content-type", "application/x-www-form-urlencoded"});
    request.headers.push_back({"accept", "application/xml"});
    request.body = body_of(encode_query({{"Action", "AssumeRoleWithWebIdentity"},
                                         {"Version", "2011-06-15"},
                                         {"RoleArn", from.role_arn},
                                         {"RoleSessionName", from.session_name},
                                         {"WebIdentityToken", token.reveal()}}));
    return request;
}

http_request container_request(const container_origin& from, const secret& token) {
    auto request = make(from.server, "GET", from.path);
    request.headers.push_back({"accept", "application/json"});
    if (!token.empty()) request.headers.push_back({"authorization", token.reveal()});
    return request;
}

http_request instance_request(const instance_origin& from, const secret& session, const std::string& role) {
    if (session.empty()) {
        auto request = make(from.server, "PUT", "/latest/api/token");
        request.headers.push_back({"x-aws-ec2-metadata-token-ttl-seconds", "21600"});
        return request;
    }
    auto request = make(from.server, "GET", std::string(roles_path) + encode_component(role));
    request.headers.push_back({"x-aws-ec2-metadata-token", session.reveal()});
    return request;
}

}  // namespace

io::result<credentials_exchange> credentials_exchange::begin(const credentials_origin& origin, std::string_view token) {
    credentials_exchange out(origin);
    const auto* container = std::get_if<container_origin>(&origin);
    const bool by_file = container != nullptr && !container->token_file.empty();
    while (token.ends_with('\n') || token.ends_with('\r')) token.remove_suffix(1);
    if (container != nullptr && !by_file) token = container->token.reveal();
    const bool needed = by_file || std::holds_alternative<web_identity_origin>(origin) || (container != nullptr && !token.empty());
    if (!needed) return out;
    if (!is_token(token)) {
        const std::string where = by_file ? container->token_file
                                  : container != nullptr ? "AWS_CONTAINER_AUTHORIZATION_TOKEN"
                                                         : std::get<web_identity_origin>(origin).token_file;
        return io::error{io::errc::invalid, io::subject::usage, where + " holds no token"};
    }
    out.token_ = secret(std::string(token));
    return out;
}

const server_address& credentials_exchange::server() const {
    if (const auto* from = std::get_if<web_identity_origin>(&origin_)) return from->sts;
    if (const auto* from = std::get_if<container_origin>(&origin_)) return from->server;
    return std::get<instance_origin>(origin_).server;
}

http_request credentials_exchange::next() const {
    if (const auto* from = std::get_if<web_identity_origin>(&origin_)) return sts_request(*from, token_);
    if (const auto* from = std::get_if<container_origin>(&origin_)) return container_request(*from, token_);
    return instance_request(std::get<instance_origin>(origin_), session_, role_);
}

io::result<std::optional<credentials>> credentials_exchange::take(const http_response& answer) {
    if (answer.head.status != 200) return refused(answer);
    const auto whole = [&](io::result<credentials> read) -> io::result<std::optional<credentials>> {
        if (!read) return read.error().within(server().authority());
        return std::optional(*std::move(read));
    };
    if (std::holds_alternative<web_identity_origin>(origin_)) return whole(read_sts_credentials(answer.body));
    if (std::holds_alternative<container_origin>(origin_) || !role_.empty()) return whole(read_json_credentials(answer.body));
    const std::string_view text = first_line(io::text_of(answer.body));
    if (session_.empty()) {
        if (!is_token(text)) return bad(io::errc::io_failure, server().authority() + ": an answer that is no session token");
        session_ = secret(std::string(text));
    } else {
        if (!is_role(text)) return bad(io::errc::io_failure, server().authority() + ": an answer that is no name of a role");
        role_ = text;
    }
    return std::optional<credentials>();
}

io::error credentials_exchange::refused(const http_response& answer) const {
    const unsigned status = answer.head.status;
    std::string context = fmt::format("{}: HTTP {}", server().authority(), status);
    const bool sts = std::holds_alternative<web_identity_origin>(origin_);
    const std::string words = sts ? read_sts_error(answer.body) : read_json_error(answer.body);
    if (!words.empty()) context += " " + words;
    if (status == 429 || words.starts_with("Throttling")) return bad(io::errc::busy, std::move(context));
    if (status == 408 || status >= 500 || words.starts_with("IDPCommunicationError")) return bad(io::errc::io_failure, std::move(context));
    if (std::holds_alternative<instance_origin>(origin_)) {
        if (session_.empty()) context += ": no credentials were given, and this is no instance that answers to IMDSv2";
        if (!session_.empty() && role_.empty() && status == 404) context += ": no credentials were given, and the instance has no role";
    }
    return bad(io::errc::access_denied, std::move(context));
}

}  // namespace s3
