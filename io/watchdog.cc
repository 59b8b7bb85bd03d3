#include "io/watchdog.h"

#include <algorithm>
#include <boost/asio/steady_timer.hpp>
#include <utility>


namespace io {

// Shared with the timer's handler, which may be queued already when the watchdog ends.
struct watchdog::state : std::enable_shared_from_this<watchdog::state> {
    state(executor on, std::function<void()> what) : timer(std::move(on)), bite(std::move(what)) {}

    void arm(instant at) {
        constexpr duration most_ahead = std::chrono::hours(24);  // "for ever" must be representable as an expiry
        armed_for = at;
        timer.expires_after(std::min<duration>(at - real_clock().now(), most_ahead));
        timer.async_wait([self = shared_from_this(), at](boost::system::error_code failure) {
            if (!failure && self->armed_for == at) self->look();
        });
    }

    void look() {
        armed_for = instant::max();
        if (!bite || deadline == instant::max()) return;
        if (real_clock().now() < deadline) return arm(deadline);
        bitten = true;
        bite();
    }

    boost::asio::steady_timer timer;
    std::function<void()> bite;
    instant deadline = instant::max();
    instant armed_for = instant::max();
    bool bitten = false;
};

watchdog::watchdog(executor on, std::function<void()> bite) : state_(std::make_shared<state>(std::move(on), std::move(bite))) {}

watchdog::~watchdog() {
    state_->bite = nullptr;
    state_->timer.cancel();
}

void watchdog::guard(instant until) {
    state_->deadline = until;
    if (until < state_->armed_for) state_->arm(until);
}

void watchdog::rest() { state_->deadline = instant::max(); }

bool watchdog::has_bitten() const { return state_->bitten; }

}  // namespace io
