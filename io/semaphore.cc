#include "io/semaphore.h"

#include <algorithm>

namespace io {

task<semaphore::permit> semaphore::acquire(std::size_t units) {
    units = std::min(units, total_);
    if (waiters_.empty() && units_ >= units) {
        units_ -= units;
        co_return permit(this, units);
    }
    auto self = std::make_shared<waiter>(waiter{wakeup(time_, on_), units});
    waiters_.push_back(self);
    co_await self->granted.wait();
    co_return permit(this, units);  // release() has taken the units for us
}

void semaphore::release(std::size_t units) {
    units_ += units;
    while (!waiters_.empty() && waiters_.front()->units <= units_) {
        units_ -= waiters_.front()->units;
        waiters_.front()->granted.notify();
        waiters_.pop_front();
    }
}

}  // namespace io
