// What follows an attempt that failed. Pure; one for each request, from its first attempt to its last.
//
// Only what classifies as worth another try is tried again (io::classify of busy, io_failure, timed_out), on a new connection, after
// a wait with full jitter that is not shorter than the server's Retry-After, and only if the wait ends before the deadline. Without any
// wait, and each of them once: when a kept connection died before the first byte of an answer, when the server's clock was learned, when
// the credentials had expired. Everything else is the caller's: outcome_unknown above all.
#pragma once

#include <optional>

#include "io/clock.h"
#include "io/random.h"
#include "io/retry.h"
#include "s3/error.h"

namespace s3 {

struct attempt {
    failure what;
    bool reused = false;    // the connection had carried exchanges before
    bool answered = false;  // at least one byte of an answer came
};

struct next_step {
    enum class kind { give_up, try_again };
    kind what = kind::give_up;
    io::duration wait = io::duration::zero();
    bool renew_credentials = false;  // before the next attempt
    bool learn_clock = false;        // from what.server_ms
};

class retry_plan {
public:
    retry_plan(io::retry_policy policy, io::instant deadline) : backoff_(policy), deadline_(deadline) {}

    next_step after(const attempt& failed, io::instant now, io::random& dice);

private:
    io::backoff backoff_;
    io::instant deadline_;
    bool died_early_ = false;
    bool learned_clock_ = false;
    bool renewed_ = false;
};

}  // namespace s3
