#include "wal/connection_pin.h"

#include <fmt/format.h>

#include <utility>

#include "io/monotonic_ns.h"

namespace wal {

namespace {

// How often the write lock is taken anew when a writer slipped in between two steps.
constexpr int most_rounds = 5;

class write_lock {
public:
    explicit write_lock(connection& on) : on_(&on) {}
    ~write_lock() {
        if (on_ != nullptr) on_->rollback();
    }
    write_lock(const write_lock&) = delete;
    write_lock& operator=(const write_lock&) = delete;
    void released() { on_ = nullptr; }

private:
    connection* on_;
};

}  // namespace

connection_pin::connection_pin(std::string path, int busy_ms, std::unique_ptr<connection> first)
    : path_(std::move(path)), busy_ms_(busy_ms), held_(std::move(first)) {}

io::result<void> connection_pin::prepare() {
    if (other_) return {};
    auto opened = connection::open(path_, busy_ms_);
    if (!opened) return opened.error();
    other_ = std::move(*opened);
    return {};
}

io::result<handoff> connection_pin::take(const drain& before) {
    if (auto ok = prepare(); !ok) return ok.error();
    for (int round = 0; round < most_rounds; ++round) {
        if (auto ok = held_->hold_read(); !ok) return ok.error();  // also makes sure that there is an index
        held_->end_read();
        auto first = held_->index();
        if (!first) return first.error();
        if (auto ok = held_->hold_read(); !ok) return ok.error();
        auto then = held_->index();
        if (!then) return then.error();
        const bool same = first->salt1 == then->salt1 && first->salt2 == then->salt2;
        // A reader gets mark 0, which pins nothing, only if everything was backfilled when it began. What is backfilled after it began is
        // less than what was in the log before it began: so it was not.
        if (same && then->backfilled < first->max_frame) {
            mark_at_most_ = then->max_frame;
            return handoff{handoff::outcome::not_restarted, false, 0};
        }
        held_->end_read();
        const std::uint64_t since = io::monotonic_ns();
        if (auto ok = other_->begin_write(); !ok) return ok.error();
        write_lock lock(*other_);
        auto now = other_->index();
        if (!now) return now.error();
        if (now->backfilled < now->max_frame) continue;  // somebody committed meanwhile: a reader pins now
        if (auto seen = before(*now); !seen) return seen.error();
        auto done = restart_under_lock(*now, since);
        lock.released();
        return done;
    }
    return io::error{io::errc::busy, io::subject::database, path_ + ": the log could not be pinned, its writers never pause"};
}

io::result<void> connection_pin::advance() {
    if (auto ok = prepare(); !ok) return ok;
    auto now = held_->index();
    if (!now) return now.error();
    if (now->max_frame <= mark_at_most_) return {};
    // Our mark is below the newest frame, so not everything is backfilled, so the next reader gets a mark above 0.
    if (auto ok = other_->hold_read(); !ok) return ok;
    auto then = other_->index();
    if (!then) {
        other_->end_read();
        return then.error();
    }
    held_->end_read();
    std::swap(held_, other_);
    mark_at_most_ = then->max_frame;
    return {};
}

// Under other_'s write lock: brings every frame into the database file, then frees other_ from the mark that would keep it from
// restarting the log. False: a reader of the application is in the way, or a writer slipped in.
io::result<bool> connection_pin::backfill_under_lock(connection& third, const wal_index& now) {
    // other_ holds a mark at the newest frame, so the pin may move there without a gap.
    held_->end_read();
    auto held = held_->hold_read();
    auto then = held_->index();
    if (!held || !then || then->backfilled >= now.max_frame) {
        // Somebody else backfilled everything just now: the new read may stand on mark 0 and pin nothing.
        return io::error{io::errc::gap, io::subject::database, path_ + ": the pin was lost during a handoff and must be taken anew"};
    }
    mark_at_most_ = now.max_frame;
    auto done = third.checkpoint_passive();
    if (!done) return done.error();
    return done->all();
}

io::result<handoff> connection_pin::hand_off(const drain& before) {
    if (auto ok = prepare(); !ok) return ok.error();
    // Most of the work is done before the lock: a pinned log cannot be restarted, so this checkpoint is safe beside any other.
    if (auto ok = advance(); !ok) return ok.error();
    auto third = connection::open(path_, busy_ms_);
    if (!third) return third.error();
    if (auto ok = (*third)->checkpoint_passive(); !ok) return ok.error();

    const std::uint64_t since = io::monotonic_ns();
    if (auto ok = other_->begin_write(); !ok) {
        if (ok.error().code == io::errc::busy) return handoff{handoff::outcome::not_restarted, false, 0};
        return ok.error();
    }
    for (int round = 0; round < most_rounds; ++round) {
        write_lock lock(*other_);
        auto now = other_->index();
        if (!now) return now.error();
        auto drained = before(*now);
        if (!drained) return drained.error();
        if (!*drained) return handoff{handoff::outcome::not_restarted, false, io::monotonic_ns() - since};
        if (now->backfilled == now->max_frame) {
            auto done = restart_under_lock(*now, since);
            lock.released();
            return done;
        }
        auto all = backfill_under_lock(**third, *now);
        if (!all) return all.error();
        if (!*all) return handoff{handoff::outcome::not_restarted, false, io::monotonic_ns() - since};
        // A transaction that began before everything was backfilled cannot restart the log: begin anew, on mark 0. The pin holds
        // meanwhile, so a writer that slips in can only append.
        lock.released();
        other_->rollback();
        if (auto ok = other_->begin_write(); !ok) {
            if (ok.error().code == io::errc::busy) return handoff{handoff::outcome::not_restarted, false, io::monotonic_ns() - since};
            return ok.error();
        }
    }
    other_->rollback();
    return handoff{handoff::outcome::not_restarted, false, io::monotonic_ns() - since};
}

// Everything is captured and backfilled, other_ has the write lock and stands on mark 0: its first frame restarts the log, and its
// pending read makes it the pin.
io::result<handoff> connection_pin::restart_under_lock(const wal_index& before, std::uint64_t locked_since) {
    held_->end_read();
    auto committed = other_->hold_read();
    if (committed) committed = other_->commit_nothing();
    if (!committed) {
        other_->rollback();
        return io::error{io::errc::gap, io::subject::database,
                         "the pin was let go for the handoff and must be taken anew: " + committed.error().context};
    }
    handoff out;
    out.locked_ns = io::monotonic_ns() - locked_since;
    std::swap(held_, other_);
    auto now = held_->index();
    if (!now) return now.error();
    mark_at_most_ = now->max_frame;
    if (now->salt1 == before.salt1 && now->salt2 == before.salt2 && before.max_frame != 0) {
        out.what = handoff::outcome::not_restarted;
    } else if (before.max_frame == 0 || now->salt1 == before.salt1 + 1) {
        out.what = handoff::outcome::handed_off;
    } else {
        out.what = handoff::outcome::lost;
    }
    out.own_frame_first = out.what == handoff::outcome::handed_off;
    return out;
}

}  // namespace wal
