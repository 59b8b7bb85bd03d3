// What may become of a request to a store: one table for both ways in, the direct one (store.h) and HTTP (s3_server.h).
#pragma once

#include <cstdint>
#include <optional>

namespace sim {

enum class request_kind { get, head, put, create, remove, list, begin, part, complete, abort };

// Whether a lost answer leaves open what happened to the store.
constexpr bool is_write(request_kind kind) {
    return kind == request_kind::put || kind == request_kind::create || kind == request_kind::remove || kind == request_kind::complete;
}

enum class store_fault {
    none,
    // Refused before anything was done:
    request_timeout,  // 400 RequestTimeout
    denied,           // 403 AccessDenied
    no_bucket,        // 404 NoSuchBucket
    web_page,         // 404 with a web page
    conflict,         // 409 ConditionalRequestConflict, of creations
    taken,            // 412, of creations: somebody's object was there for a moment
    too_many,         // 429
    slow_down,        // 503 SlowDown
    internal_error,   // 500
    bad_gateway,      // 502 with a web page
    not_implemented,  // 501
    // Done, and nobody is told so:
    reply_lost,       // the connection ends
    untrue_error,     // 500
    // Done or not:
    error_in_200,     // of completions: 200 with an error's document
    stalled,          // no answer until the client gives up; done later or never
    // Done, and half of the answer comes:
    truncated,
};

struct fault_rate {
    store_fault what = store_fault::none;
    std::uint64_t rate = 0;             // in 1,000,000
    std::optional<request_kind> of{};   // none: of all that it can happen to
};

constexpr bool can_happen(store_fault what, request_kind to) {
    switch (what) {
        case store_fault::conflict: return to == request_kind::create || to == request_kind::complete;
        case store_fault::no_bucket: return to != request_kind::head;  // there it could not be told from an object that is not there
        case store_fault::taken: return to == request_kind::create;
        case store_fault::error_in_200: return to == request_kind::complete;
        default: return true;
    }
}

}  // namespace sim
