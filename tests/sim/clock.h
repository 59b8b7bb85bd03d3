// Virtual time as a process sees it. Each host has two clocks of its own: a monotonic one, which runs a little too fast or too slow and stands still
// while the host sleeps, and a wall clock at the same rate, which goes on meanwhile and can be set.
#pragma once

#include "tests/sim/scheduler.h"

namespace sim {

struct host_clocks {
    // 2026-01-01T00:00:00Z when the world begins.
    static constexpr std::int64_t begin_ms = 1'767'225'600'000;

    std::int64_t offset_ms = 0;  // how far the wall clock is off
    std::int64_t drift_ppm = 0;  // microseconds gained in a second of the world; more than -1,000,000
    io::duration slept{};        // of the host's own time: for so long the monotonic clock stood still

    io::instant monotonic(io::instant world) const { return io::instant(own(world)) - slept; }
    // The first instant of the world at which the monotonic clock says so; max() for max().
    io::instant when(io::instant monotonic) const;
    std::int64_t wall_ms(io::instant world) const { return begin_ms + offset_ms + own(world).count() / 1'000'000; }

private:
    static constexpr std::int64_t million = 1'000'000;
    io::duration own(io::instant world) const {
        const std::int64_t ns = world.time_since_epoch().count();
        return io::duration(ns / million * (million + drift_ppm) + ns % million * (million + drift_ppm) / million);
    }
};

class clock final : public io::clock {
public:
    clock(scheduler& on, process_id who, const host_clocks& its) : on_(on), who_(who), its_(its) {}

    io::instant now() const override { return its_.monotonic(on_.now()); }
    std::int64_t wall_ms() const override { return its_.wall_ms(on_.now()); }
    // Completes as the clock's process, whatever `on` is: a process has one event loop.
    std::unique_ptr<io::timer> make_timer(io::executor on) override;

private:
    scheduler& on_;
    process_id who_;
    const host_clocks& its_;
};

}  // namespace sim
