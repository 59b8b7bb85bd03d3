// A counting semaphore with first-come-first-served waiters. All calls on the event loop's thread.
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <utility>

#include "io/clock.h"
#include "io/wakeup.h"

namespace io {

class semaphore {
    struct waiter {
        std::function<void()> on_granted;
        std::size_t units = 0;
        bool granted = false;
    };

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
        // Gives back all but so many.
        void shrink(std::size_t to) {
            if (owner_ != nullptr && to < units_) owner_->release(std::exchange(units_, to) - to);
        }

    private:
        friend class semaphore;
        permit(semaphore* owner, std::size_t units) : owner_(owner), units_(units) {}
        semaphore* owner_ = nullptr;
        std::size_t units_ = 0;
    };

    // A place in the queue, for who waits for something else at the same time. Its destructor leaves the queue, or gives back what was
    // granted and not taken. Must not outlive the semaphore.
    class place {
    public:
        place(place&& other) noexcept : owner_(std::exchange(other.owner_, nullptr)), mine_(std::move(other.mine_)) {}
        place& operator=(place&&) = delete;
        ~place() { if (owner_ != nullptr) owner_->leave(mine_); }
        bool granted() const { return mine_->granted; }
        // Precondition: granted(). Once.
        permit take() { return {std::exchange(owner_, nullptr), mine_->units}; }

    private:
        friend class semaphore;
        place(semaphore* owner, std::shared_ptr<waiter> mine) : owner_(owner), mine_(std::move(mine)) {}
        semaphore* owner_;
        std::shared_ptr<waiter> mine_;
    };

    semaphore(clock& time, executor on, std::size_t units) : time_(time), on_(std::move(on)), units_(units), total_(units) {}
    // Precondition: everything was given back.
    ~semaphore();
    semaphore(const semaphore&) = delete;
    semaphore& operator=(const semaphore&) = delete;

    // Waits for `units` of them; more than there are in all is treated as all, so that one oversized job runs alone.
    task<permit> acquire(std::size_t units = 1);
    // The same without waiting: granted already, or `on_granted` is called when it is.
    place queue(std::size_t units, std::function<void()> on_granted);
    std::size_t available() const { return units_; }
    std::size_t total() const { return total_; }

private:
    void release(std::size_t units);
    void leave(const std::shared_ptr<waiter>& who);
    void serve();

    clock& time_;
    executor on_;
    std::size_t units_;
    std::size_t total_;
    std::deque<std::shared_ptr<waiter>> waiters_;
};

}  // namespace io
