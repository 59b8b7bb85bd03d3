// When temporary credentials are renewed: in the background well before they expire, so that no request waits; before the request
// when they are about to; and not in a hurry when renewing fails while they still hold. Pure.
#pragma once

#include <cstdint>
#include <optional>

#include "s3/credentials.h"

namespace s3 {

class renewal {
public:
    enum class step {
        use,            // as they are
        use_and_renew,  // start a renewal in the background, if none runs
        renew_first,    // wait for a renewal; should it fail, those that have not expired() may be used
    };

    // The wall clock in ms since 1970, here and below; credentials without expiry are never renewed unless refused.
    void obtained(const credentials& what, std::int64_t now_ms);
    // A renewal failed: the next one in the background waits for half a minute.
    void failed(std::int64_t now_ms);
    // The store called them expired.
    void refused() { refused_ = true; }

    step decide(std::int64_t now_ms) const;
    // Nothing usable is there.
    bool expired(std::int64_t now_ms) const;

private:
    bool obtained_ = false;
    bool refused_ = false;
    std::optional<std::int64_t> early_ms_;   // from here on in the background
    std::optional<std::int64_t> late_ms_;    // from here on first
    std::optional<std::int64_t> expires_ms_;
    std::int64_t not_before_ms_ = INT64_MIN;
};

}  // namespace s3
