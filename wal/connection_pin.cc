#include "wal/connection_pin.h"

#include <fmt/format.h>

#include <utility>

#include "io/failpoint.h"
#include "io/monotonic_ns.h"

namespace wal {

namespace {

// How often the write lock is taken anew when a writer slipped in between two steps.
constexpr int most_rounds = 5;
// How long to wait for somebody else's checkpoint, while writers are kept out.
constexpr int most_checkpoint_wait_ms = 25;

// The write transaction of one connection: rolled back at the end, unless it was ended otherwise. Adds the time to `total_ns`.
class write_lock {
public:
    // Precondition: begin_write() was called.
    write_lock(connection& on, std::uint64_t& total_ns) : on_(&on), total_ns_(total_ns), since_(io::monotonic_ns()) {}
    ~write_lock() {
        if (on_ == nullptr) return;
        on_->rollback();
        released();
    }
    write_lock(const write_lock&) = delete;
    write_lock& operator=(const write_lock&) = delete;
    void released() {
        on_ = nullptr;
        total_ns_ += io::monotonic_ns() - since_;
    }

private:
    connection* on_;
    std::uint64_t& total_ns_;
    std::uint64_t since_;
};

// No checkpoint may be under way while we restart the log: it could mark frames of the new generation as backfilled that it never saw
// (the WAL-reset bug of SQLite up to 3.51.2).
class checkpoints_off {
public:
    explicit checkpoints_off(connection& on) : on_(on) {
        for (int waited = 0; !(held_ = on_.lock_checkpoints()) && waited < most_checkpoint_wait_ms; ++waited) sqlite3_sleep(1);
    }
    ~checkpoints_off() {
        if (held_) on_.unlock_checkpoints();
    }
    checkpoints_off(const checkpoints_off&) = delete;
    checkpoints_off& operator=(const checkpoints_off&) = delete;
    bool held() const { return held_; }

private:
    connection& on_;
    bool held_ = false;
};

bool all_backfilled(const wal_index& now) { return now.backfilled >= now.max_frame; }

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

io::result<wal_index> connection_pin::index() {
    auto now = held_->index();
    if (now || now.error().code != io::errc::busy) return now;
    if (auto ok = prepare(); !ok) return ok.error();
    if (auto ok = other_->hold_read(); !ok) return ok.error();
    other_->end_read();
    return held_->index();
}

// Makes `next` the pin and gives back the old one, if `next` would be one. Precondition: pinned; no transaction is open on `next`.
io::result<bool> connection_pin::move_to(std::unique_ptr<connection>& next) {
    if (auto ok = next->hold_read(); !ok) return ok.error();
    const auto now = next->index();
    if (!now || all_backfilled(*now)) {
        next->end_read();
        if (!now) return now.error();
        return false;
    }
    held_->end_read();
    std::swap(held_, next);
    moved_to_ = now->max_frame;
    return true;
}

io::result<handoff> connection_pin::take(const drain& before) {
    std::uint64_t locked_ns = 0;
    auto done = try_to_take(before, locked_ns);
    if (done) done->locked_ns = locked_ns;
    return done;
}

io::result<handoff> connection_pin::try_to_take(const drain& before, std::uint64_t& locked_ns) {
    if (auto ok = prepare(); !ok) return ok.error();
    for (int round = 0; round < most_rounds; ++round) {
        held_->end_read();
        if (auto ok = held_->hold_read(); !ok) return ok.error();
        auto now = index();
        if (!now) return now.error();
        if (!all_backfilled(*now)) {
            moved_to_ = 0;
            if (auto ok = advance(); !ok) return ok.error();
            return handoff{};
        }
        held_->end_read();
        if (auto ok = other_->begin_write(); !ok) return ok.error();
        write_lock lock(*other_, locked_ns);
        now = other_->index();
        if (!now) return now.error();
        if (!all_backfilled(*now)) continue;  // somebody committed meanwhile: a reader pins now
        const checkpoints_off guard(*held_);
        if (!guard.held()) continue;
        if (auto seen = before(*now); !seen) return seen.error();
        auto done = restart_under_lock(*now);
        lock.released();
        return done;
    }
    return io::error{io::errc::busy, io::subject::database, path_ + ": the log could not be pinned, its writers never pause"};
}

void connection_pin::let_go() { held_->end_read(); }

io::result<void> connection_pin::advance() {
    if (auto ok = prepare(); !ok) return ok;
    const auto now = index();
    if (!now) return now.error();
    if (now->max_frame == moved_to_) return {};
    const bool sure = !all_backfilled(*now);
    auto moved = move_to(other_);
    if (!moved) return moved.error();
    // Began when everything was backfilled, pins because somebody committed since: that is mark 0, which stops all checkpoints. Move again.
    if (*moved && !sure) moved_to_ = 0;
    return {};
}

// Under other_'s write lock: brings every frame into the database file. False: a reader of the application or another checkpoint is in
// the way.
io::result<bool> connection_pin::backfill_under_lock(std::unique_ptr<connection>& third) {
    auto moved = move_to(third);  // if not, everything was just backfilled by somebody else
    if (!moved) return moved.error();
    for (int waited = 0;; ++waited) {
        auto done = third->checkpoint_passive();
        if (!done) return done.error();
        if (!done->busy || waited == most_checkpoint_wait_ms) return done->all();
        sqlite3_sleep(1);
    }
}

io::result<handoff> connection_pin::hand_off(const drain& before) {
    std::uint64_t locked_ns = 0;
    auto done = try_to_hand_off(before, locked_ns);
    if (done) done->locked_ns = locked_ns;
    return done;
}

io::result<handoff> connection_pin::try_to_hand_off(const drain& before, std::uint64_t& locked_ns) {
    if (auto ok = prepare(); !ok) return ok.error();
    const handoff not_now;
    auto seen = index();
    if (!seen) return seen.error();
    if (refused_at_ != 0 && seen->max_frame == refused_at_) return not_now;  // nobody wrote since: another try would only grow the log
    // Most of the work is done before the lock: a pinned log cannot be restarted, so this checkpoint is safe beside any other.
    if (auto ok = advance(); !ok) return ok.error();
    auto third = connection::open(path_, busy_ms_);
    if (!third) return third.error();
    auto early = (*third)->checkpoint_passive();
    if (!early) return early.error();
    if (!early->busy && static_cast<std::uint32_t>(early->backfilled) < moved_to_) return not_now;  // a reader holds an older mark
    seen = index();
    if (!seen) return seen.error();

    for (int round = 0; round < most_rounds; ++round) {
        if (auto ok = other_->begin_write(); !ok) {
            if (ok.error().code == io::errc::busy) return not_now;
            return ok.error();
        }
        write_lock lock(*other_, locked_ns);
        auto now = other_->index();
        if (!now) return now.error();
        auto drained = before(*now);
        if (!drained) return drained.error();
        if (!*drained) return not_now;
        // Only a transaction that began when everything was backfilled can restart the log: it stands on mark 0.
        if (all_backfilled(*seen) && seen->max_frame == now->max_frame) {
            const checkpoints_off guard(*held_);
            if (!guard.held()) return not_now;
            auto done = restart_under_lock(*now);
            lock.released();
            return done;
        }
        auto all = backfill_under_lock(*third);
        if (!all) return all.error();
        if (!*all) return not_now;
        // Begin anew, on mark 0. The pin holds meanwhile, so a writer that slips in can only append.
        *seen = *now;
        seen->backfilled = seen->max_frame;
    }
    return not_now;
}

// Everything is captured and backfilled, other_ has the write lock: its first frame restarts the log, and its pending read makes it the
// pin. Should a reader of the application have the last mark, the frame is appended, and other_ is the pin all the same.
io::result<handoff> connection_pin::restart_under_lock(const wal_index& before) {
    held_->end_read();
    io::failpoint("pin.released");
    auto committed = other_->hold_read();
    if (committed) committed = other_->commit_nothing();
    io::failpoint("pin.restarted");
    if (!committed) {
        other_->rollback();
        return io::error{io::errc::gap, io::subject::database,
                         "the pin was let go for the handoff and must be taken anew: " + committed.error().context};
    }
    handoff out;
    std::swap(held_, other_);
    moved_to_ = 0;
    auto now = index();
    if (!now) return now.error();
    if (now->salt1 == before.salt1 && now->salt2 == before.salt2 && before.max_frame != 0) {
        refused_at_ = before.max_frame + 1;
    } else if (before.max_frame == 0 || now->salt1 == before.salt1 + 1) {
        out.what = handoff::outcome::handed_off;
        out.own_frame_first = true;
        refused_at_ = 0;
    } else {
        out.what = handoff::outcome::lost;
    }
    // The mark is the one before our frame, which no checkpoint can pass. A failure leaves it there until the next commit: no harm.
    (void)advance();
    return out;
}

}  // namespace wal
