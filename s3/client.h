// Sends requests to one bucket until they have an answer that means something: one chain of attempts inside a deadline.
//
// Each attempt is signed anew (a long body is hashed once, off the event loop) and follows the one before it on a new connection, after a
// pause with full jitter or as long as the server asks for. What may have been carried out and must not be carried out twice (conditional
// writes, completions of uploads) is never repeated: outcome_unknown. A request that met a dead keep-alive connection and may be repeated
// is repeated at once.
// Memory of a call: its body, shared by the attempts, and at most `most_body` of an answer. Calls at once: as many as the pool has
// connections; others wait their turn.
#pragma once

#include <functional>
#include <string>

#include "io/environment.h"
#include "io/network.h"
#include "io/retry.h"
#include "s3/breaker.h"
#include "s3/clock_skew.h"
#include "s3/connection_pool.h"
#include "s3/credentials_source.h"
#include "s3/error.h"
#include "s3/request.h"
#include "s3/retry_plan.h"

namespace s3 {

struct client_settings {
    pool_limits pool;
    io::duration stall = std::chrono::seconds(30);      // of one attempt without a byte moving
    io::duration deadline = std::chrono::minutes(2);    // of a call with all its attempts, and for its bytes as long as they take at
    std::uint64_t least_rate = 64U << 10U;              // this rate, bytes a second
    io::duration queue = std::chrono::seconds(30);      // at most this long for a connection to become free; does not count above
    io::retry_policy retry{std::chrono::milliseconds(50), std::chrono::seconds(10)};
    // A conditional write uses a connection only if it was used this recently: if it dies meanwhile the outcome is unknown.
    io::duration most_idle_for_conditional = std::chrono::seconds(2);
};

struct call {
    operation what = operation::get_object;
    std::string key;  // whole; empty for operations on the bucket
    http_request request;
    write_condition::kind condition = write_condition::kind::always;
    std::uint64_t most_body = 8U << 20U;  // bytes of the answer
    std::uint64_t expected_body = 0;      // bytes of it that the deadline makes room for
    // Called when an answer broke off: may change the request to ask for what is missing.
    std::function<void(http_request& next, const http_response& so_far)> on_broken = {};
};

// A call that has nothing of its own beyond the request.
inline call make_call(operation what, std::string key, http_request request) { return {what, std::move(key), std::move(request)}; }

class client {
public:
    // All but `where` and `settings` must outlive it.
    client(const io::environment& env, io::network& net, credentials_source& keys, store_url where, client_settings settings);

    // The answer, if its status is 2xx. Otherwise the error of the last attempt as judge() and judge_lost() put it; after more than one
    // attempt it says how many.
    io::task<io::result<http_response>> send(call what);

    const store_url& where() const { return where_; }
    const connection_pool& pool() const { return pool_; }

private:
    // What one attempt came to: an answer with a status 2xx, or what is known of its failure.
    struct outcome;
    io::task<bool> admitted(io::instant until);
    io::task<outcome> try_once(call& what, io::instant& until, bool first);
    void heed(const outcome& failed, const next_step& next);

    const io::environment& env_;
    credentials_source& keys_;
    store_url where_;
    client_settings settings_;
    connection_pool pool_;
    signer signer_;
    clock_skew skew_;
    breaker breaker_;
};

}  // namespace s3
