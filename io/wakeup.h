// One coroutine waits, others wake it: the condition variable of the event loop. A notification that comes while nobody waits is
// kept (once), so nothing is missed between a check and a wait. All calls on the event loop's thread.
#pragma once

#include <memory>
#include <optional>

#include "io/clock.h"

namespace io {

class wakeup {
public:
    // `time` must outlive this.
    wakeup(clock& time, executor on);

    void notify();
    // Returns true at once or when notified (the notification is consumed), false when `until` has come first. One waiter at a time.
    task<bool> wait(std::optional<instant> until = std::nullopt);

private:
    clock& time_;
    std::unique_ptr<timer> timer_;
    bool pending_ = false;
};

}  // namespace io
