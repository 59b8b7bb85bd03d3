#include "s3/breaker.h"


namespace s3 {
namespace {
// How soon to ask again while the one request tries.
constexpr io::duration while_trying = std::chrono::milliseconds(50);
}  // namespace

io::duration breaker::admit(io::instant now) {
    switch (state_) {
        case state::closed: return io::duration::zero();
        case state::trying: return while_trying;
        case state::open: break;
    }
    if (now < until_) return until_ - now;
    state_ = state::trying;
    return io::duration::zero();
}

void breaker::answered() {
    state_ = state::closed;
    failures_ = 0;
    pause_.reset();
}

void breaker::failed(io::instant now, io::random& dice) {
    // Requests that were under way when it opened fail as well: they are the same event, and prolong nothing.
    if (state_ == state::open) return;
    ++failures_;
    if (state_ == state::closed && failures_ < policy_.failures) return;
    state_ = state::open;
    until_ = now + pause_.next(dice);
    ++openings_;
}

void breaker::abandoned() {
    if (state_ == state::trying) state_ = state::open;
}

}  // namespace s3
