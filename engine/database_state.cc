#include "engine/database_state.h"

namespace engine {

namespace {

constexpr io::duration snapshot_retry = std::chrono::seconds(30);
constexpr io::duration hand_off_retry_first = std::chrono::milliseconds(20);
constexpr unsigned most_doublings = 11;  // 20 ms to 41 s
constexpr io::duration look_again_first = std::chrono::microseconds(100);
constexpr unsigned most_looks = 20;  // 0.1 ms to 52 s, about two minutes together

}  // namespace

void database_state::on_confirmed(io::instant now, std::uint64_t log_bytes, bool more) {
    last_object_ = now;
    log_bytes_ = log_bytes;
    committed_since_snapshot_ = true;
    behind_ = more;
    caught_up_ = !more;
    if (more) dirty_ = true;
}

void database_state::on_unpublished(io::instant now) {
    if (looks_ == most_looks) return;
    look_again_ = now + look_again_first * (1U << looks_);
    ++looks_;
}

void database_state::on_snapshot_done(io::instant now, bool ok) {
    snapshot_running_ = false;
    if (ok) {
        last_snapshot_ = now;
        committed_since_snapshot_ = false;
    } else {
        snapshot_owed_ = true;
        snapshot_not_before_ = now + snapshot_retry;
    }
}

void database_state::on_handed_off(std::uint64_t log_bytes) {
    log_bytes_ = log_bytes;
    refusals_ = 0;
    dirty_ = true;  // the next generation may have begun with somebody's frames
}

void database_state::on_hand_off_refused(io::instant now) {
    hand_off_not_before_ = now + hand_off_retry_first * (1U << std::min(refusals_, most_doublings));
    ++refusals_;
    caught_up_ = false;
}

void database_state::on_tail_too_long() {
    caught_up_ = false;
    dirty_ = true;
}

bool database_state::snapshot_due(io::instant now) const {
    if (snapshot_running_ || now < snapshot_not_before_) return false;
    if (snapshot_owed_) return true;
    return settings_.snapshot_interval.count() > 0 && committed_since_snapshot_ && last_snapshot_ &&
           now - *last_snapshot_ >= settings_.snapshot_interval;
}

database_state::next database_state::decide(io::instant now) const {
    if (stopping_) {
        if (behind_ || (dirty_ && !captured_for_stop_)) return {step::capture, {}};
        return {snapshot_running_ ? step::wait : step::finish, {}};
    }
    if (snapshot_due(now)) return {step::snapshot, {}};
    const bool long_log = log_bytes_ >= settings_.checkpoint_bytes && !snapshot_running_;
    // A log that is due for its handoff is first caught up with, once and whatever the interval, so that the tail to be captured while
    // writers are kept out is short. Once: an application that never pauses has always written more by then.
    const bool hand_off_now = long_log && now >= hand_off_not_before_;
    // What waits in the log beyond one object's size, or for the store to come back, goes out as fast as it is taken.
    const bool interval_over = !last_object_ || behind_ || hurry_ || now - *last_object_ >= settings_.min_interval;
    const bool look = dirty_ || (look_again_ && now >= *look_again_);
    if (hand_off_now && (!look || caught_up_)) return {step::hand_off, {}};
    if (look && (interval_over || hand_off_now)) return {step::capture, {}};

    next out;
    const auto earliest = [&out](io::instant at) { out.until = out.until ? std::min(*out.until, at) : at; };
    if (look) {
        earliest(*last_object_ + settings_.min_interval);
    } else if (look_again_) {
        earliest(*look_again_);
    }
    if (long_log) earliest(hand_off_not_before_);
    if (!snapshot_running_ && snapshot_owed_) earliest(snapshot_not_before_);
    if (!snapshot_running_ && settings_.snapshot_interval.count() > 0 && committed_since_snapshot_ && last_snapshot_) {
        earliest(std::max(*last_snapshot_ + settings_.snapshot_interval, snapshot_not_before_));
    }
    return out;
}

}  // namespace engine
