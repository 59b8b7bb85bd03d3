// Time: the only source of it for everything outside io's implementations.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "io/task.h"

namespace io {

using duration = std::chrono::nanoseconds;

// A point on a clock that never steps and means nothing outside this process.
struct monotonic {
    using duration = io::duration;
    using rep = duration::rep;
    using period = duration::period;
    using time_point = std::chrono::time_point<monotonic>;
    static constexpr bool is_steady = true;
};
using instant = monotonic::time_point;

// One wait at a time, from the event loop's thread only.
class timer {
public:
    virtual ~timer() = default;
    // Returns when `at` has come or cancel() was called, whichever is first; does not tell which.
    virtual task<void> wait_until(instant at) = 0;
    // Ends the current wait, if there is one, by posting its completion.
    virtual void cancel() = 0;
};

class clock {
public:
    virtual ~clock() = default;
    virtual instant now() const = 0;
    // Milliseconds since 1970, UTC. May step in either direction.
    virtual std::int64_t wall_ms() const = 0;
    // The timer must not outlive the clock; it completes on `on`.
    virtual std::unique_ptr<timer> make_timer(executor on) = 0;
};

class real_clock final : public clock {
public:
    instant now() const override;
    std::int64_t wall_ms() const override;
    std::unique_ptr<timer> make_timer(executor on) override;
};

// Waits for that long.
task<void> sleep_for(clock& time, duration how_long);

// "2026-11-23T08:00:00.123Z"; parse_time takes that form, with or without a fraction, "T" or a space, "Z" or an offset such as
// +01:00 (no zone means UTC); false, and wall_ms untouched, for anything else.
std::string format_time(std::int64_t wall_ms);
bool parse_time(const std::string& text, std::int64_t& wall_ms);

}  // namespace io
