// A counting semaphore with first-come-first-served waiters. All calls on the event loop's thread.
#pragma once

#include <cstddef>
#include <deque>
#include <memory>
#include <utility>

#include "io/clock.h"
#include "io/wakeup.h"

namespace io {

class semaphore {
public:
    // Units held; given back by the destructor. Must not outlive the semaphore.
    class permit {
    public:
        permit() = default;
        permit(permit&& other) noexcept : owner_(std::exchange(other.owner_, nullptr)), units_(other.units_) {}
        permit& operator=(permit&& other) noexcept {
            std::swap(owner_, other.owner_);
            std::swap(units_, other.units_);
            return *this;
        }
        ~permit() { if (owner_ != nullptr) owner_->release(units_); }

    private:
        friend class semaphore;
        permit(semaphore* owner, std::size_t units) : owner_(owner), units_(units) {}
        semaphore* owner_ = nullptr;
        std::size_t units_ = 0;
    };

    semaphore(clock& time, executor on, std::size_t units) : time_(time), on_(std::move(on)), units_(units), total_(units) {}

    // Waits for `units` of them; more than there are in all is treated as all, so that one oversized job runs alone.
    task<permit> acquire(std::size_t units = 1);
    std::size_t available() const { return units_; }

private:
    struct waiter {
        wakeup granted;
        std::size_t units;
    };
    void release(std::size_t units);

    clock& time_;
    executor on_;
    std::size_t units_;
    std::size_t total_;
    std::deque<std::shared_ptr<waiter>> waiters_;
};

}  // namespace io
