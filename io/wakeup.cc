#include "io/wakeup.h"

#include <utility>

namespace io {

wakeup::wakeup(clock& time, executor on) : time_(time), timer_(time.make_timer(std::move(on))) {}

void wakeup::notify() {
    pending_ = true;
    timer_->cancel();
}

task<bool> wakeup::wait(std::optional<instant> until) {
    while (!pending_) {
        if (until && time_.now() >= *until) co_return false;
        co_await timer_->wait_until(until.value_or(instant::max()));
    }
    pending_ = false;
    co_return true;
}

}  // namespace io
