// Structured concurrency: children never outlive the group. join() before the group ends; its destructor aborts the program if a
// child is still running, because that child would use what is about to be destroyed. All calls on the event loop's thread.
#pragma once

#include <cstddef>
#include <exception>

#include "io/clock.h"
#include "io/wakeup.h"

namespace io {

class task_group {
public:
    task_group(clock& time, executor on);
    ~task_group();
    task_group(const task_group&) = delete;
    task_group& operator=(const task_group&) = delete;

    // Starts a child. Bound: the caller's own; size() tells how many run.
    void spawn(task<void> child);
    std::size_t size() const { return running_; }
    // Returns when every child has ended, those spawned meanwhile included. Rethrows the first exception that a child let out.
    task<void> join();

private:
    executor on_;
    wakeup ended_;
    std::size_t running_ = 0;
    std::exception_ptr first_;
};

}  // namespace io
