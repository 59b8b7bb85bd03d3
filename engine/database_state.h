// What the driver of one database does next. Pure: it is told what happened and when, and answers with one step; the driver
// (engine/database.h) carries it out and reports back.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>

#include "engine/options.h"
#include "io/clock.h"

namespace engine {

class database_state {
public:
    enum class step {
        wait,      // until `until` (none: until something happens)
        capture,   // read the log up to its newest commit and ship it
        snapshot,  // start a snapshot at the confirmed state
        hand_off,  // restart the log
        finish,    // stopped, and the last capture is done
    };
    struct next {
        step what = step::wait;
        std::optional<io::instant> until;
        friend bool operator==(const next&, const next&) = default;
    };

    explicit database_state(const stream_options& settings) : settings_(settings) {}

    // Something may have been committed.
    void on_change() {
        dirty_ = true;
        looks_ = 0;
    }
    // The capture saw frames that are not committed yet. If they are about to be, no event will tell: SQLite publishes a commit through
    // mapped memory after its last write. So look again, soon at first and ever more patiently; the sweep sees to the rest.
    void on_unpublished(io::instant now);
    // stop() was called: one more capture, or as many as its size limit makes of it, so that what was committed before is shipped, and
    // no handoff or snapshot any more.
    void on_stop() {
        if (!stopping_) dirty_ = true;
        stopping_ = true;
    }
    // The step `capture` begins: changes from here on count for the next one.
    void on_capture() {
        dirty_ = false;
        hurry_ = false;
        look_again_.reset();
        captured_for_stop_ = stopping_;
    }
    // The capture found nothing to ship: everything in the log is durable.
    void on_nothing() {
        behind_ = false;
        caught_up_ = true;
    }
    // An object was confirmed; the log is now `log_bytes` long. `more`: the capture stopped at its size limit.
    void on_confirmed(io::instant now, std::uint64_t log_bytes, bool more);
    // A snapshot is owed (start of a stream, on demand).
    void owe_snapshot() { snapshot_owed_ = true; }
    // Somebody waits for what is committed by now: captured next, whatever the interval.
    void owe_flush() {
        dirty_ = true;
        hurry_ = true;
    }
    void on_snapshot_started() {
        snapshot_owed_ = false;
        snapshot_running_ = true;
    }
    // Too many are being made: it stays due, and is not begun before `until`.
    void on_snapshot_postponed(io::instant until) { snapshot_not_before_ = until; }
    // A failed one is owed again after a while.
    void on_snapshot_done(io::instant now, bool ok);
    // An image is compared with what was shipped: as while a snapshot is made, the pin stays and the log is not handed off. Precondition: no
    // snapshot is running.
    void on_comparison_started() { snapshot_running_ = true; }
    void on_comparison_done() { snapshot_running_ = false; }
    // The newest durable snapshot is that old (at attach), and there are commits after it or not.
    void set_snapshot_age(io::instant now, io::duration age, bool committed_since) {
        last_snapshot_ = now - age;
        committed_since_snapshot_ = committed_since;
    }
    // The handoff restarted the log.
    void on_handed_off(std::uint64_t log_bytes);
    // It could not: a reader of the application, a busy writer. Tried again later, ever more patiently.
    void on_hand_off_refused(io::instant now);
    // It was not tried to the end, for the application had written too much since the last capture: again after the next one, at once.
    void on_tail_too_long();

    next decide(io::instant now) const;
    bool snapshot_running() const { return snapshot_running_; }
    std::uint64_t log_bytes() const { return log_bytes_; }
    // The last capture stopped at its size limit: there is more in the log.
    bool behind() const { return behind_; }

private:
    bool snapshot_due(io::instant now) const;

    stream_options settings_;
    bool dirty_ = true;
    bool stopping_ = false;
    bool captured_for_stop_ = false;
    std::optional<io::instant> look_again_;
    unsigned looks_ = 0;   // at the same unpublished frames
    bool hurry_ = false;
    bool behind_ = false;
    bool caught_up_ = false;  // the last capture reached the log's end, so a handoff's tail is short
    bool snapshot_owed_ = false;
    bool snapshot_running_ = false;
    bool committed_since_snapshot_ = false;
    std::uint64_t log_bytes_ = 0;
    std::optional<io::instant> last_object_;
    std::optional<io::instant> last_snapshot_;
    io::instant snapshot_not_before_{};
    io::instant hand_off_not_before_{};
    unsigned refusals_ = 0;
};

}  // namespace engine
