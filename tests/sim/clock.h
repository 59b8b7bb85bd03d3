// Virtual time as a process sees it. The monotonic clock is the world's; each host has a wall clock of its own, which can be set and drifts.
#pragma once

#include "tests/sim/scheduler.h"

namespace sim {

struct wall_clock {
    // 2026-01-01T00:00:00Z when the world begins.
    static constexpr std::int64_t begin_ms = 1'767'225'600'000;

    std::int64_t offset_ms = 0;      // how far it is off
    std::int64_t drift_ppm = 0;      // milliseconds gained in 1,000 seconds

    std::int64_t at(io::instant now) const {
        const std::int64_t ms = now.time_since_epoch().count() / 1'000'000;
        return begin_ms + offset_ms + ms + ms * drift_ppm / 1'000'000;
    }
};

class clock final : public io::clock {
public:
    clock(scheduler& on, process_id who, const wall_clock& wall) : on_(on), who_(who), wall_(wall) {}

    io::instant now() const override { return on_.now(); }
    std::int64_t wall_ms() const override { return wall_.at(on_.now()); }
    // Completes as the clock's process, whatever `on` is: a process has one event loop.
    std::unique_ptr<io::timer> make_timer(io::executor on) override;

private:
    scheduler& on_;
    process_id who_;
    const wall_clock& wall_;
};

}  // namespace sim
