// Ends a socket's calls when their time is up. Asio has no deadline of its own, and arming a timer for each read would cost more than
// the read: the timer here stays armed and looks, when it fires, whether the deadline has moved on. For io's own files.
#pragma once

#include <functional>
#include <memory>

#include "io/clock.h"
#include "io/task.h"

namespace io {

class watchdog {
public:
    // `bite` is called once at the most, from the event loop, never after the watchdog's end.
    watchdog(executor on, std::function<void()> bite);
    ~watchdog();
    watchdog(const watchdog&) = delete;
    watchdog& operator=(const watchdog&) = delete;

    // From now until rest() a deadline holds; a second call moves it.
    void guard(instant until);
    void rest();
    bool has_bitten() const;

private:
    struct state;
    std::shared_ptr<state> state_;
};

}  // namespace io
