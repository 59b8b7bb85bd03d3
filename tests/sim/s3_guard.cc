#include "tests/sim/s3_guard.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "io/clock.h"
#include "s3/sigv4.h"

namespace sim {

namespace {

constexpr std::int64_t most_skew_ms = 15 * 60 * 1000;

std::string lower(std::string text) {
    std::ranges::transform(text, text.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    return text;
}

// "a=1,b=2" or "a/b/c"
std::vector<std::string> split(const std::string& text, char at) {
    std::vector<std::string> out{""};
    for (const char c : text) {
        if (c == at) out.emplace_back();
        else out.back() += c;
    }
    return out;
}

// Headers that may travel without a signature.
bool may_be_unsigned(const std::string& name) { return name == "authorization" || name == "content-length" || name == "connection" || name == "user-agent"; }

bool is_known(const std::string& name) {
    constexpr std::string_view names[] = {"host", "x-amz-date", "x-amz-content-sha256", "content-type", "content-md5", "if-none-match", "if-match", "range"};
    return may_be_unsigned(name) || std::ranges::find(names, name) != std::end(names) || name.starts_with("x-amz-meta-");
}

s3_refusal malformed(std::string why) { return {400, "AuthorizationHeaderMalformed", std::move(why)}; }

}  // namespace

struct s3_guard::authorization {
    std::vector<std::string> credential;  // access key, day, region, service, aws4_request
    std::vector<std::string> names;       // of signed headers
    std::string signed_names;
    std::string signature;

    // Nothing for anything but the one form.
    static std::optional<authorization> read(const std::string& header) {
        constexpr std::string_view kind = "AWS4-HMAC-SHA256 ";
        if (!header.starts_with(kind)) return std::nullopt;
        authorization out;
        for (std::string part : split(header.substr(kind.size()), ',')) {
            part.erase(0, part.find_first_not_of(' '));
            const std::size_t mark = std::min(part.find('='), part.size());
            const std::string name = part.substr(0, mark), value = mark < part.size() ? part.substr(mark + 1) : "";
            if (name == "Credential") out.credential = split(value, '/');
            else if (name == "SignedHeaders") out.signed_names = value, out.names = split(value, ';');
            else if (name == "Signature") out.signature = value;
            else return std::nullopt;
        }
        const bool whole = out.credential.size() == 5 && !out.names.empty() && out.signature.size() == 64;
        return whole && std::ranges::is_sorted(out.names) ? std::optional(out) : std::nullopt;
    }
};

std::optional<s3_refusal> s3_guard::check_scope(const authorization& said, const std::string& date, std::int64_t wall_ms) const {
    const auto& scope = said.credential;
    if (scope[0] != keys_.access_key) return s3_refusal{403, "InvalidAccessKeyId", "the access key is not known"};
    if (date.size() != 16 || scope[1] != date.substr(0, 8)) return malformed("the scope is of another day");
    if (scope[2] != region_ || scope[3] != "s3" || scope[4] != "aws4_request") return malformed("the scope is not this region's");
    std::int64_t signed_ms = 0;
    const std::string readable = fmt::format("{}-{}-{}T{}:{}:{}Z", date.substr(0, 4), date.substr(4, 2), date.substr(6, 2), date.substr(9, 2), date.substr(11, 2), date.substr(13, 2));
    if (!io::parse_time(readable, signed_ms)) return malformed("x-amz-date is no date");
    if (std::abs(signed_ms - wall_ms) > most_skew_ms) return s3_refusal{403, "RequestTimeTooSkewed", "the clocks differ too much", false};
    return std::nullopt;
}

std::optional<s3_refusal> s3_guard::check_headers(const s3::http_request& request, const authorization& said) const {
    for (const auto& each : request.headers) {
        const std::string name = lower(each.name);
        if (!is_known(name)) return s3_refusal{400, "InvalidArgument", "an unknown header " + name};
        if (!may_be_unsigned(name) && !std::ranges::binary_search(said.names, name)) return s3_refusal{403, "AccessDenied", "a header that is not signed: " + name};
    }
    for (const auto& name : said.names) {
        const auto of_that_name = std::ranges::count_if(request.headers, [&](const auto& each) { return lower(each.name) == name; });
        if (of_that_name != 1) return s3_refusal{403, "SignatureDoesNotMatch", fmt::format("{} headers {}", of_that_name, name)};
    }
    const std::string* host = s3::find_header(request.headers, "host");
    if (host == nullptr || *host != host_) return s3_refusal{400, "InvalidRequest", "another host's request"};
    return std::nullopt;
}

std::string s3_guard::signature(const s3::http_request& request, const authorization& said, const std::string& date) {
    auto pairs = request.query.empty() ? std::vector<std::string>() : split(request.query, '&');
    std::ranges::sort(pairs);
    std::string query;
    for (const auto& each : pairs) query += (query.empty() ? "" : "&") + each + (each.find('=') == std::string::npos ? "=" : "");
    std::string text = request.method + "\n" + request.path + "\n" + query + "\n";
    for (const auto& name : said.names) text += name + ":" + *s3::find_header(request.headers, name) + "\n";
    text += "\n" + said.signed_names + "\n" + *s3::find_header(request.headers, "x-amz-content-sha256");
    const std::string scope = fmt::format("{}/{}/s3/aws4_request", said.credential[1], region_);
    const std::string whole = fmt::format("AWS4-HMAC-SHA256\n{}\n{}\n{}", date, scope, s3::to_hex(s3::sha256(io::view_of(text))));
    if (day_ != said.credential[1]) {
        day_ = said.credential[1];
        key_ = s3::signing_key(keys_.secret_key, day_, region_, "s3");
    }
    return s3::to_hex(s3::hmac_sha256(key_, io::view_of(whole)));
}

std::optional<s3_refusal> s3_guard::check(const s3::http_request& request, bool has_length, std::int64_t wall_ms) {
    const std::string* header = s3::find_header(request.headers, "authorization");
    if (header == nullptr) return s3_refusal{403, "AccessDenied", "nobody has signed this"};
    const auto said = authorization::read(*header);
    if (!said) return malformed("this is no authorization");
    const std::string* date = s3::find_header(request.headers, "x-amz-date");
    const std::string* hash = s3::find_header(request.headers, "x-amz-content-sha256");
    if (date == nullptr || hash == nullptr) return s3_refusal{403, "AccessDenied", "x-amz-date or x-amz-content-sha256 is missing"};
    if (auto bad = check_scope(*said, *date, wall_ms)) return bad;
    if (auto bad = check_headers(request, *said)) return bad;
    if (signature(request, *said, *date) != said->signature) return s3_refusal{403, "SignatureDoesNotMatch", "signed by another key, or changed"};
    if (!has_length && (request.method == "PUT" || request.method == "POST")) return s3_refusal{411, "MissingContentLength", "how long is it?"};
    if (*hash != s3::to_hex(s3::sha256(request.body.view()))) return s3_refusal{400, "XAmzContentSHA256Mismatch", "the body is not the one that was signed"};
    return std::nullopt;
}

}  // namespace sim
