#include "apps/webhook.h"

#include <fmt/format.h>

#include <algorithm>

#include "apps/json.h"
#include "s3/digest.h"
#include "s3/http_date.h"

namespace apps {

namespace {

constexpr std::size_t most_url = 2000;
constexpr std::size_t least_secret = 16;

io::error wrong(std::string context) { return {io::errc::invalid, io::subject::usage, std::move(context)}; }

}  // namespace

std::string webhook::name() const { return fmt::format("webhook {}://{} ({})", server.tls ? "https" : "http", server.authority(), said); }

io::result<s3::secret> webhook_secret(std::string text) {
    if (text.size() < least_secret) return wrong(fmt::format("a secret has at least {} characters, or it can be guessed", least_secret));
    return s3::secret(std::move(text));
}

const std::vector<webhook_event>& webhook_events() {
    using what = engine::event::what;
    static const std::vector<webhook_event> all = {
        {"upload_failed", what::upload_failed},     {"stream_halted", what::halted},        {"stream_overtaken", what::overtaken},
        {"re_anchored", what::reanchored},          {"wal_over_limit", what::wal_over_limit}, {"disk_low", what::disk_low},
        {"corruption_detected", what::corruption},  {"store_unreachable", what::failing},   {"recovered", what::recovered},
    };
    return all;
}

std::string_view webhook_event_name(engine::event::what kind) {
    const auto& all = webhook_events();
    const auto it = std::ranges::find(all, kind, &webhook_event::kind);
    return it == all.end() ? std::string_view() : it->name;
}

io::result<void> parse_webhook_url(webhook& into, std::string_view url) {
    const auto plain = [](char c) { return c > ' ' && c < '\x7f' && c != '"' && c != '<' && c != '>' && c != '\\'; };
    if (url.size() > most_url) return wrong(fmt::format("has more than {} characters", most_url));
    if (!std::ranges::all_of(url, plain)) return wrong("has characters that must be written as %XX");
    if (url.find('#') != std::string_view::npos) return wrong("has a fragment (#...), which is never sent");
    const std::size_t scheme = url.find("://");
    const std::size_t end = std::min(url.find_first_of("/?", scheme == std::string_view::npos ? 0 : scheme + 3), url.size());
    auto server = s3::parse_server(url.substr(0, end));
    if (!server) return server.error();
    into.server = std::move(*server);
    const std::string_view rest = url.substr(end);
    const std::size_t query = std::min(rest.find('?'), rest.size());
    into.path = query == 0 ? "/" : std::string(rest.substr(0, query));
    into.query = query == rest.size() ? "" : std::string(rest.substr(query + 1));
    return {};
}

std::string webhook_body(std::string_view id, std::string_view host, std::span<const happening> some, std::uint64_t dropped) {
    std::vector<json_object> happened;
    for (const auto& one : some) {
        json_object entry;
        entry.add("time", io::format_time(one.wall_ms));
        if (!one.what.stream.empty()) entry.add("stream", one.what.stream).add("txid", one.what.txid);
        happened.push_back(entry.add("text", one.what.text));
    }
    json_object body;
    body.add("id", id).add("event", webhook_event_name(some.front().what.kind)).add("time", io::format_time(some.front().wall_ms));
    return body.add("host", host).add("dropped", dropped).add("happened", happened).text();
}

std::string webhook_signature(const s3::secret& key, std::int64_t unix_seconds, std::string_view body) {
    const std::string text = fmt::format("{}.{}", unix_seconds, body);
    return "sha256=" + s3::to_hex(s3::hmac_sha256(io::view_of(key.reveal()), io::view_of(text)));
}

s3::http_request webhook_request(const webhook& to, const std::string& body, std::int64_t wall_ms) {
    const std::int64_t seconds = wall_ms / 1000;
    s3::http_request out;
    out.method = "POST";
    out.path = to.path;
    out.query = to.query;
    out.headers = {{"host", to.server.authority()},
                   {"user-agent", "flotilla/" FLOTILLA_VERSION},
                   {"content-type", "application/json"},
                   {"connection", "close"},
                   {"x-flotilla-timestamp", std::to_string(seconds)}};
    if (!to.secret.empty()) out.headers.push_back({"x-flotilla-signature", webhook_signature(to.secret, seconds, body)});
    const io::byte_view bytes = io::view_of(body);
    out.body = s3::shared_bytes(io::bytes(bytes.begin(), bytes.end()));
    return out;
}

webhook_verdict judge_webhook(const s3::http_response_head& head, const io::result<void>& failure, std::int64_t wall_ms) {
    using kind = webhook_verdict::kind;
    if (head.status < 200) return {kind::again, failure ? "no answer" : failure.error().context, {}};
    if (head.status / 100 == 2) return {};
    const std::string why = fmt::format("HTTP {}", head.status);
    if (head.status / 100 == 3) return {kind::refused, why + "; redirects are not followed, name the address that it leads to", {}};
    const bool passing = head.status / 100 == 5 || head.status == 408 || head.status == 425 || head.status == 429;
    if (!passing) return {kind::refused, why, {}};
    const std::string* wait = head.find("retry-after");
    return {kind::again, why, wait == nullptr ? std::nullopt : s3::parse_retry_after(*wait, wall_ms)};
}

}  // namespace apps
