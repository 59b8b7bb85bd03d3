// Whether it makes sense to send a request to a server at all: after a row of failures everybody waits, one request tries, and its
// fate decides for all. Pure: the caller brings the time. One for each server.
#pragma once

#include <cstdint>

#include "io/clock.h"
#include "io/random.h"
#include "io/retry.h"

namespace s3 {

struct breaker_policy {
    unsigned failures = 8;  // in a row, over all requests, that open it; at least 1
    io::retry_policy pause{std::chrono::milliseconds(500), std::chrono::seconds(5)};  // how long it stays open: longer each time in a row
};

class breaker {
public:
    explicit breaker(breaker_policy policy) : policy_(policy), pause_(policy.pause) {}

    // Zero: send, and call one of the three below when the request ends. Else: how long to wait before asking again; the one request
    // that tries is under way, or the pause lasts.
    io::duration admit(io::instant now);

    // An answer came, whatever it says: 429 and 503 included, a server that asks for fewer requests is alive.
    void answered();
    // No answer (refused, reset, timed out), or 500, 502, 504. Draws the pause when it opens.
    void failed(io::instant now, io::random& dice);
    // The request ended for a reason of ours (its deadline came before it was sent): says nothing of the server.
    void abandoned();

    bool open() const { return state_ != state::closed; }
    // How often it has opened, for metrics.
    std::uint64_t openings() const { return openings_; }

private:
    enum class state { closed, open, trying };

    breaker_policy policy_;
    io::backoff pause_;
    state state_ = state::closed;
    unsigned failures_ = 0;
    io::instant until_{};
    std::uint64_t openings_ = 0;
};

}  // namespace s3
