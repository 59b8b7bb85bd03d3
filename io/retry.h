// How long to wait before the next try: full jitter under an exponential ceiling. Pure.
#pragma once

#include "io/clock.h"
#include "io/random.h"

namespace io {

struct retry_policy {
    duration first = std::chrono::milliseconds(100);  // ceiling before the second try
    duration most = std::chrono::seconds(30);         // ceiling in the long run
};

class backoff {
public:
    explicit backoff(retry_policy policy) : policy_(policy) {}
    // A uniform draw from [ceiling/8, ceiling]; the ceiling doubles with each call up to `most`.
    duration next(random& dice);
    // After a success.
    void reset() { tries_ = 0; }
    unsigned tries() const { return tries_; }

private:
    retry_policy policy_;
    unsigned tries_ = 0;
};

}  // namespace io
