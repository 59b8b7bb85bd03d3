#include "io/semaphore.h"

#include <algorithm>

#include "io/buggify.h"

namespace io {

semaphore::~semaphore() { must(units_ == total_ && waiters_.empty(), "everything that a semaphore gave is given back before it ends"); }

semaphore::place semaphore::queue(std::size_t units, std::function<void()> on_granted) {
    auto mine = std::make_shared<waiter>(waiter{std::move(on_granted), std::min(units, total_), false});
    if (waiters_.empty() && units_ >= mine->units) {
        units_ -= mine->units;
        mine->granted = true;
    } else {
        waiters_.push_back(mine);
    }
    return {this, std::move(mine)};
}

task<semaphore::permit> semaphore::acquire(std::size_t units) {
    units = std::min(units, total_);
    if (waiters_.empty() && units_ >= units) {
        units_ -= units;
        co_return permit(this, units);
    }
    wakeup granted(time_, on_);
    place mine = queue(units, [&granted] { granted.notify(); });
    co_await granted.wait();
    co_return mine.take();
}

void semaphore::release(std::size_t units) {
    must(units <= total_ - units_, "no more is given back to a semaphore than it gave");
    units_ += units;
    serve();
}

void semaphore::leave(const std::shared_ptr<waiter>& who) {
    if (who->granted) return release(who->units);
    std::erase(waiters_, who);
    serve();  // the next one may need less
}

void semaphore::serve() {
    while (!waiters_.empty() && waiters_.front()->units <= units_) {
        const std::shared_ptr<waiter> next = std::move(waiters_.front());
        waiters_.pop_front();
        units_ -= next->units;
        next->granted = true;
        next->on_granted();
    }
}

}  // namespace io
