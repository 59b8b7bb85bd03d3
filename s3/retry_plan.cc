#include "s3/retry_plan.h"

#include <algorithm>
#include <utility>

namespace s3 {
namespace {

bool worth_another_try(io::errc code) { return code == io::errc::busy || code == io::errc::io_failure || code == io::errc::timed_out; }

}  // namespace

next_step retry_plan::after(const attempt& failed, io::instant now, io::random& dice) {
    next_step step;
    if (now >= deadline_) return step;
    const failure& what = failed.what;
    step.learn_clock = what.server_ms && !std::exchange(learned_clock_, true);
    step.renew_credentials = what.credentials_expired && !std::exchange(renewed_, true);
    if (step.learn_clock || step.renew_credentials) {
        step.what = next_step::kind::try_again;
        return step;
    }
    if (!worth_another_try(what.error.code)) return step;
    if (failed.reused && !failed.answered && what.error.code == io::errc::io_failure && !std::exchange(died_early_, true)) {
        step.what = next_step::kind::try_again;
        return step;
    }
    step.wait = std::max(backoff_.next(dice), what.retry_after.value_or(io::duration::zero()));
    if (now + step.wait < deadline_) step.what = next_step::kind::try_again;
    return step;
}

}  // namespace s3
