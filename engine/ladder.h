// What is done, step by step, while the store is behind and the log grows. Pure: it is told what happened and when; the driver carries out
// what it decides while it waits for the store (database_guard.cc), and tells what it says is news.
//
// 1. memory is full: a capture waits for its bytes, and the frames stay in the log;
// 2. the log reaches wal_limit while something waits: its frames are copied to local segments, and it is restarted;
// 3. the disk is full, or a reader of the application or a snapshot keeps the log from being restarted: the log grows, and that is said;
// 4. the store is back: everything is shipped in order, as fast as it takes it (database_state).
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>

#include "engine/engine.h"
#include "engine/options.h"
#include "io/clock.h"

namespace engine {

class ladder {
public:
    enum class step {
        wait,   // until `until` (none: until something happens)
        look,   // how long the log is
        spill,  // copy the log to a segment and restart it
    };
    struct next {
        step what = step::wait;
        std::optional<io::instant> until;
        friend bool operator==(const next&, const next&) = default;
    };
    // Something to be told, once an episode.
    struct news {
        event::what kind;
        std::string text;
    };

    explicit ladder(const stream_options& settings) : limit_(std::max(settings.wal_limit, settings.checkpoint_bytes)) {}

    // The driver begins to wait for the store, or for memory; and goes on.
    void on_waiting(io::instant now, bool for_memory);
    void on_waited();
    // What is waited for waits for memory itself, or no longer.
    void on_memory(io::instant now, bool waits);
    // The store refuses what waits, or works again.
    void on_trouble(bool failing) { failing_ = failing; }
    // Something was written to the log.
    void on_change() { changed_ = true; }
    // A look begins: what is written from here on may have been missed by it.
    void on_look() { changed_ = false; }
    // A look found it so long (bytes). With a snapshot being made it cannot be restarted, unless that is given up, or kept elsewhere: while the store fails.
    std::optional<news> on_log(io::instant now, std::uint64_t bytes, bool snapshot_running);
    // Segments took `copied` bytes, and the log is so long now. The news is the first time since everything was durable.
    std::optional<news> on_spilled(std::uint64_t copied, std::uint64_t log_bytes);
    // The log could not be restarted; it is tried again after a while.
    std::optional<news> on_refused(io::instant now, std::string why);
    // The disk has no room: tried again after a while, or when something was confirmed.
    std::optional<news> on_disk_low(io::instant now, std::string why);
    // An object is durable. `segments`: there are more, in segments.
    void on_confirmed(bool segments);
    // The log is so long, seen otherwise than by a look: what was said to be over its limit may be over. A disk without room is over once
    // the log was `restarted`: only that needed it.
    std::optional<news> on_calm(std::uint64_t log_bytes, bool restarted);

    next decide(io::instant now) const;
    // The steps on which it stands, in words for people; empty: none.
    std::string pressure(io::instant now) const;
    std::uint64_t log_bytes() const { return log_bytes_; }

private:
    bool over_limit() const { return log_bytes_ >= limit_; }
    std::optional<news> tell_over(std::string why);

    std::uint64_t limit_;
    std::optional<io::instant> waiting_since_;
    std::optional<io::instant> memory_since_;
    bool failing_ = false;
    bool changed_ = true;  // since the last look began
    std::optional<io::instant> looked_;
    std::uint64_t log_bytes_ = 0;
    bool snapshot_in_the_way_ = false;
    bool spilled_ = false;  // since everything was durable
    bool over_ = false;     // wal_over_limit was told, and has not ended
    bool disk_low_ = false;
    io::instant not_before_{};
    unsigned refusals_ = 0;
};

}  // namespace engine
