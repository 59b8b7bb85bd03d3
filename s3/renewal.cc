#include "s3/renewal.h"

#include <algorithm>

namespace s3 {
namespace {
// An instance's endpoint has new credentials at least 5 minutes before the old ones expire; AWS's own tools begin 15 minutes before.
constexpr std::int64_t early = 15 * 60'000;
constexpr std::int64_t late = 60'000;
constexpr std::int64_t pause_after_failure = 30'000;
}  // namespace

void renewal::obtained(const credentials& what, std::int64_t now_ms) {
    // Those that were there already, again: nothing newer exists yet.
    const bool same = obtained_ && expires_ms_ && expires_ms_ == what.expires_ms;
    obtained_ = true;
    refused_ = false;
    not_before_ms_ = same ? now_ms + pause_after_failure : INT64_MIN;
    expires_ms_ = what.expires_ms;
    early_ms_ = late_ms_ = std::nullopt;
    if (!expires_ms_) return;
    const std::int64_t life = std::max<std::int64_t>(*expires_ms_ - now_ms, 0);
    early_ms_ = *expires_ms_ - std::min(early, life / 4);
    late_ms_ = *expires_ms_ - std::min(late, life / 16);
}

void renewal::failed(std::int64_t now_ms) { not_before_ms_ = now_ms + pause_after_failure; }

renewal::step renewal::decide(std::int64_t now_ms) const {
    if (!obtained_ || refused_ || expired(now_ms)) return step::renew_first;
    if (!early_ms_ || now_ms < *early_ms_ || now_ms < not_before_ms_) return step::use;
    return now_ms < *late_ms_ ? step::use_and_renew : step::renew_first;
}

bool renewal::expired(std::int64_t now_ms) const { return !obtained_ || refused_ || (expires_ms_ && now_ms >= *expires_ms_); }

}  // namespace s3
