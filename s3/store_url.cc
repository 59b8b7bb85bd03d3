#include "s3/store_url.h"

#include <fmt/format.h>

#include <algorithm>

#include "io/object_store.h"
#include "s3/uri.h"

namespace s3 {
namespace {

constexpr std::string_view scheme = "s3://";

io::error bad(std::string why) { return {io::errc::invalid, io::subject::usage, std::move(why)}; }

bool lower_or_digit(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }

// AWS: 3 to 63 of a-z 0-9 . -, a letter or digit at both ends of each label. In the path of other servers also capitals and '_'.
bool is_bucket(std::string_view name, bool relaxed) {
    if (name.size() < 3 || name.size() > (relaxed ? 255U : 63U) || name.find("..") != std::string_view::npos) return false;
    if (name.find(".-") != std::string_view::npos || name.find("-.") != std::string_view::npos) return false;
    const auto good = [&](char c) { return lower_or_digit(c) || (relaxed && ((c >= 'A' && c <= 'Z') || c == '_')); };
    return good(name.front()) && good(name.back()) && std::ranges::all_of(name, [&](char c) { return good(c) || c == '-' || c == '.'; });
}

bool is_region(std::string_view name) {
    return !name.empty() && name.size() <= 64 &&
           std::ranges::all_of(name, [](char c) { return lower_or_digit(c) || (c >= 'A' && c <= 'Z') || c == '-' || c == '_'; });
}

// The words after '?', still as text.
struct url_settings {
    std::optional<bool> path_style, unsigned_payload, unquoted_if_match;
    std::string endpoint, region, ca, storage_class, sse, kms_key_id, customer_key_file;
};

io::result<void> set_flag(std::optional<bool>& flag, const query_parameter& p) {
    if (flag) return bad(fmt::format("{} is given twice", p.name));
    if (p.value != "true" && p.value != "false") return bad(fmt::format("{}={}: say true or false", p.name, p.value));
    flag = p.value == "true";
    return {};
}

io::result<void> set_text(std::string& text, const query_parameter& p) {
    if (!text.empty()) return bad(fmt::format("{} is given twice", p.name));
    if (p.value.empty()) return bad(fmt::format("{} has no value", p.name));
    const auto control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
    if (std::ranges::any_of(p.value, control)) return bad(fmt::format("{} has a control character", p.name));
    text = p.value;
    return {};
}

io::result<void> set(url_settings& into, const query_parameter& p) {
    if (p.name == "path-style" || p.name == "forcePathStyle" || p.name == "force-path-style") return set_flag(into.path_style, p);
    if (p.name == "unsigned-payload") return set_flag(into.unsigned_payload, p);
    if (p.name == "unquoted-if-match") return set_flag(into.unquoted_if_match, p);
    if (p.name == "endpoint") return set_text(into.endpoint, p);
    if (p.name == "region") return set_text(into.region, p);
    if (p.name == "ca") return set_text(into.ca, p);
    if (p.name == "storage-class") return set_text(into.storage_class, p);
    if (p.name == "sse") return set_text(into.sse, p);
    if (p.name == "sse-kms-key-id") return set_text(into.kms_key_id, p);
    if (p.name == "sse-c-key-file") return set_text(into.customer_key_file, p);
    return bad(fmt::format(
        "{} is not known after '?': there are endpoint, region, path-style, ca, unsigned-payload, unquoted-if-match, storage-class, sse, sse-kms-key-id and "
        "sse-c-key-file",
        p.name));
}

io::result<url_settings> read_settings(std::string_view query) {
    const auto parameters = decode_query(query);
    if (!parameters) return bad("a '%' after '?' is not followed by two hex digits");
    url_settings settings;
    for (const auto& p : *parameters)
        if (auto ok = set(settings, p); !ok) return ok.error();
    return settings;
}

io::result<endpoint> place(std::string bucket, const url_settings& says, const url_defaults& defaults) {
    endpoint at;
    at.bucket = std::move(bucket);
    at.region = !says.region.empty() ? says.region : !defaults.region.empty() ? defaults.region : "us-east-1";
    if (!is_region(at.region)) return bad(fmt::format("\"{}\" is not the name of a region", at.region));
    const std::string& server = says.endpoint.empty() ? defaults.endpoint : says.endpoint;
    at.custom = !server.empty();
    if (at.custom) {
        auto parsed = parse_server(server);
        if (!parsed) return parsed.error().within("endpoint");
        at.server = *parsed;
    } else {
        at.server = aws_server(at.region);
    }
    const bool dots = at.bucket.find('.') != std::string::npos;
    at.path_style = says.path_style.value_or(at.custom || dots);
    if (!is_bucket(at.bucket, at.custom && at.path_style)) {
        return bad(fmt::format("\"{}\" cannot be the name of a bucket: 3 to 63 of a-z, 0-9, '-' and '.', with a letter or digit at both ends", at.bucket));
    }
    if (at.path_style) return at;
    if (at.server.is_ip_literal()) return bad(fmt::format("path-style=false needs a server with a name, and {} is an address", at.server.host));
    if (dots && at.server.tls) {
        return bad(fmt::format("path-style=false does not work over TLS for a bucket with dots in its name: the certificate of *.{} does not cover {}.{}",
                               at.server.host, at.bucket, at.server.host));
    }
    return at;
}

io::result<void> choose_encryption(store_url& out, const url_settings& says) {
    out.customer_key_file = says.customer_key_file;
    if (!says.sse.empty() && !says.customer_key_file.empty()) return bad("sse and sse-c-key-file exclude each other");
    if (!says.kms_key_id.empty() && says.sse != "aws:kms") return bad("sse-kms-key-id needs sse=aws:kms");
    if (!says.customer_key_file.empty()) {
        out.at_rest.kind = encryption_kind::customer;
    } else if (says.sse == "AES256") {
        out.at_rest.kind = encryption_kind::sse_s3;
    } else if (says.sse == "aws:kms") {
        out.at_rest = {encryption_kind::sse_kms, says.kms_key_id, {}};
    } else if (!says.sse.empty()) {
        return bad(fmt::format("sse={}: say AES256 or aws:kms", says.sse));
    }
    return {};
}

io::result<void> check_tls_only(const store_url& out) {
    if (out.at.server.tls) return {};
    const std::string plain = "is only for https, and " + out.at.server.authority() + " is reached over plain http";
    if (!out.ca_file.empty()) return bad("ca " + plain);
    if (out.signing == payload_signing::unsigned_payload) return bad("unsigned-payload " + plain);
    if (out.at_rest.kind == encryption_kind::customer) return bad("sse-c-key-file " + plain);
    return {};
}

io::result<store_url> parse(std::string_view text, const url_defaults& defaults) {
    if (!is_store_url(text)) return bad("does not begin with s3://");
    text.remove_prefix(scheme.size());
    if (text.find('#') != std::string_view::npos) return bad("'#' must be written %23");
    const std::size_t question = std::min(text.find('?'), text.size());
    const auto says = read_settings(text.substr(std::min(text.size(), question + 1)));
    if (!says) return says.error();
    text = text.substr(0, question);
    const std::size_t slash = std::min(text.find('/'), text.size());
    const auto prefix = decode(text.substr(slash), plus::literal);
    if (!prefix) return bad("a '%' is not followed by two hex digits, or says NUL");
    auto at = place(std::string(text.substr(0, slash)), *says, defaults);
    if (!at) return at.error();

    store_url out;
    out.at = std::move(*at);
    const std::size_t first = prefix->find_first_not_of('/');
    if (first != std::string::npos) out.prefix = prefix->substr(first, prefix->find_last_not_of('/') + 1 - first);
    if (!out.prefix.empty()) {
        if (auto ok = io::check_key(out.prefix); !ok) return bad(fmt::format("\"{}\" cannot be the beginning of a key: {}", out.prefix, ok.error().context));
    }
    out.ca_file = says->ca;
    if (says->unsigned_payload.value_or(false)) out.signing = payload_signing::unsigned_payload;
    out.unquoted_if_match = says->unquoted_if_match.value_or(false);
    out.storage_class = says->storage_class;
    if (auto ok = choose_encryption(out, *says); !ok) return ok.error();
    if (auto ok = check_tls_only(out); !ok) return ok.error();
    return out;
}

}  // namespace

url_defaults read_defaults(const variables& env, const std::optional<profile>& from_files) {
    url_defaults out;
    for (const char* name : {"AWS_REGION", "AWS_DEFAULT_REGION"})
        if (out.region.empty()) out.region = variable(env, name);
    if (out.region.empty() && from_files) out.region = from_files->region;
    if (variable(env, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS") == "true") return out;
    for (const char* name : {"AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"})
        if (out.endpoint.empty()) out.endpoint = variable(env, name);
    if (out.endpoint.empty() && from_files) out.endpoint = from_files->endpoint_url;
    return out;
}

bool is_store_url(std::string_view text) { return text.starts_with(scheme); }

std::string store_url::text() const {
    std::string out = fmt::format("s3://{}{}{}", at.bucket, prefix.empty() ? "" : "/", prefix);
    return at.custom ? fmt::format("{} on {}", out, at.server.authority()) : out;
}

io::result<store_url> parse_store_url(std::string_view text, const url_defaults& defaults) {
    const std::size_t bucket_end = std::min(text.find_first_of("/?", std::min(text.size(), scheme.size())), text.size());
    if (text.substr(0, bucket_end).find('@') != std::string_view::npos)
        return bad("a store's URL takes no user name or password; give credentials by environment, profile or role");
    auto parsed = parse(text, defaults);
    if (!parsed) return parsed.error().within(text.substr(0, text.find('?')));
    return parsed;
}

}  // namespace s3
