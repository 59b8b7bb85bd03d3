#include "s3/credentials_document.h"

#include <fmt/format.h>
#include <simdjson.h>

#include "io/clock.h"
#include "s3/printable.h"
#include "s3/xml.h"

namespace s3 {
namespace {

io::error bad(io::errc code, std::string why) { return {code, io::subject::store, std::move(why)}; }

std::string text_of(const simdjson::dom::element& object, std::string_view name) {
    std::string_view value;
    if (object[name].get_string().get(value) != simdjson::SUCCESS) return {};
    return std::string(value);
}

io::result<credentials> assemble(std::string id, std::string key, std::string token, const std::string& expiration) {
    if (id.empty()) return bad(io::errc::io_failure, "credentials without an access key");
    if (key.empty()) return bad(io::errc::io_failure, "credentials without a secret key");
    credentials out{std::move(id), secret(std::move(key)), secret(std::move(token)), std::nullopt};
    if (!fits_headers(out)) return bad(io::errc::io_failure, "credentials with characters that no header can carry");
    if (expiration.empty()) return out;
    std::int64_t wall_ms = 0;
    if (!io::parse_time(expiration, wall_ms)) return bad(io::errc::io_failure, "credentials whose expiration cannot be read");
    out.expires_ms = wall_ms;
    return out;
}

// Calls `use` with the root of a JSON object, which lives only so long.
template <class T>
io::result<T> with_json(io::byte_view body, io::result<T> (*use)(const simdjson::dom::element&)) {
    if (body.size() > max_credentials_document)
        return bad(io::errc::too_large, fmt::format("a credentials document of {} bytes, more than {}", body.size(), max_credentials_document));
    if (body.empty()) return bad(io::errc::io_failure, "an empty body instead of a credentials document");
    simdjson::dom::parser parser(max_credentials_document);
    simdjson::dom::element root;
    const auto text = io::text_of(body);
    if (parser.parse(text.data(), text.size()).get(root) != simdjson::SUCCESS || !root.is_object())
        return bad(io::errc::io_failure, "a credentials document that is cut off or no JSON");
    return use(root);
}

}  // namespace

io::result<credentials> read_json_credentials(io::byte_view body) {
    const auto use = [](const simdjson::dom::element& root) -> io::result<credentials> {
        const std::string code = text_of(root, "Code");
        if (!code.empty() && code != "Success")
            return bad(io::errc::access_denied, fmt::format("no credentials: {} {}", printable(code, 100), printable(text_of(root, "Message"))));
        return assemble(text_of(root, "AccessKeyId"), text_of(root, "SecretAccessKey"), text_of(root, "Token"), text_of(root, "Expiration"));
    };
    return with_json<credentials>(body, use);
}

std::string read_json_error(io::byte_view body) {
    const auto use = [](const simdjson::dom::element& root) -> io::result<std::string> {
        const std::string code = text_of(root, "code"), message = text_of(root, "message");
        return printable(code, 100) + (code.empty() || message.empty() ? "" : ": ") + printable(message);
    };
    const auto read = with_json<std::string>(body, use);
    return read ? *read : std::string();
}

io::result<credentials> read_sts_credentials(io::byte_view body) {
    if (body.size() > max_credentials_document)
        return bad(io::errc::too_large, fmt::format("a credentials document of {} bytes, more than {}", body.size(), max_credentials_document));
    pugi::xml_document document;
    const auto root = read_document(document, body, "AssumeRoleWithWebIdentityResponse");
    if (!root) return root.error();
    const auto given = root->child("AssumeRoleWithWebIdentityResult").child("Credentials");
    const std::string expiration = s3::text_of(given, "Expiration");
    if (expiration.empty()) return bad(io::errc::io_failure, "temporary credentials without an expiration");
    return assemble(s3::text_of(given, "AccessKeyId"), s3::text_of(given, "SecretAccessKey"), s3::text_of(given, "SessionToken"), expiration);
}

std::string read_sts_error(io::byte_view body) {
    pugi::xml_document document;
    const auto root = read_document(document, body.first(std::min(body.size(), max_credentials_document)), "ErrorResponse");
    if (!root) return {};
    const auto error = root->child("Error");
    return printable(s3::text_of(error, "Code"), 100) + ": " + printable(s3::text_of(error, "Message"));
}

}  // namespace s3
