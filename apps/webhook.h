// One [[webhook]] and what is sent to it: which events, the body, the signature, what an answer means. Pure.
//
// A delivery is a POST of one JSON object:
//   {"id":"<16 hex digits>","event":"store_unreachable","time":"2026-11-24T08:00:00.123Z","host":"db7","dropped":0,
//    "happened":[{"time":"...","stream":"app.db","txid":17,"text":"..."}, ...]}
// `happened` has what came of one kind in a row, oldest first, so that a store that is down under thousands of streams is a few requests; an
// entry without `stream` is of the whole watch. `dropped`: events of this webhook that could not be delivered since the last one that was.
// `id` stays the same when a delivery is tried again: a receiver that counts must look at it, for an answer may be lost.
//
// X-Flotilla-Timestamp is when this try was made, in seconds since 1970, and X-Flotilla-Signature is
// "sha256=" and HMAC-SHA256(secret, timestamp + "." + body) in hex. A receiver refuses what is not signed so, and what is some
// minutes old, which somebody may have recorded and sent again.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/engine.h"
#include "s3/endpoint.h"
#include "s3/http.h"
#include "s3/secret.h"

namespace apps {

struct webhook {
    s3::server_address server;
    std::string path;     // as a request line has it, never empty
    std::string query;    // without '?'
    std::string ca_file;  // PEM of certificates to trust; empty: the system's
    s3::secret secret;    // empty: deliveries are not signed
    std::set<engine::event::what> events;
    std::string said;     // "flotilla.toml:7"

    // For messages: server and place, not the path, for some services have their secret there.
    std::string name() const;
};

// The secret, or invalid (subject::usage) if it is so short that it could be guessed.
io::result<s3::secret> webhook_secret(std::string text);

// The nine names of `events`, with the kind of event that each is.
struct webhook_event {
    std::string_view name;
    engine::event::what kind;
};
const std::vector<webhook_event>& webhook_events();
// "store_unreachable" for event::failing; empty for what is sent to no webhook.
std::string_view webhook_event_name(engine::event::what kind);

// Fills in server, path and query. invalid (subject::usage): not http:// or https://, a user name, a fragment, characters that must be
// escaped, too long. The message holds nothing of the path.
io::result<void> parse_webhook_url(webhook& into, std::string_view url);

// An event and when it was told.
struct happening {
    std::int64_t wall_ms = 0;
    engine::event what;
};

// `some` is not empty and of one kind.
std::string webhook_body(std::string_view id, std::string_view host, std::span<const happening> some, std::uint64_t dropped);
std::string webhook_signature(const s3::secret& key, std::int64_t unix_seconds, std::string_view body);
s3::http_request webhook_request(const webhook& to, const std::string& body, std::int64_t wall_ms);

// What a try came to. Only 2xx is delivered; what may be over soon is tried again (no answer, 408, 425, 429, 5xx); all else would be answered
// the same again, redirects included, which are not followed.
struct webhook_verdict {
    enum class kind { delivered, again, refused };
    kind what = kind::delivered;
    std::string why;                     // for people, if it was not delivered
    std::optional<io::duration> at_least;  // the server's Retry-After
};
// `head.status` is 0, or that of an interim answer, if none came; then `failure` says why.
webhook_verdict judge_webhook(const s3::http_response_head& head, const io::result<void>& failure, std::int64_t wall_ms);

}  // namespace apps
