// How a driver takes its log: at once, if what is remembered says where the stream goes on in it, so that no commit passes unseen while the store
// is asked; else when the store has said where it ends.
#include <utility>

#include "engine/database.h"
#include "io/failpoint.h"

namespace engine {

namespace {

// The memo says where the stream is, and that of this file, and the sums are those of that state or of a later one.
bool is_proven(const memo& row, const io::file_identity& identity, const ltx::page_sums& sums) {
    if (row.identity != identity || !sums.valid() || sums.txid() < row.txid) return false;
    return sums.txid() != row.txid || sums.post() == row.post;
}

}  // namespace

// Guaranteed from here on, whatever the store does and however long it takes: what is committed after the memo's TXID is in the log or in segments,
// the log is guarded as always, and nothing of it is shipped before the store's head has shown that it follows. Nothing is pinned if the memo does
// not prove where the stream is (there is none, another file, sums in doubt, a log that was restarted): then no point after it can be promised, the
// log is left to its application until the store answers, and what was committed by then is one object.
io::task<io::result<void>> database::pin_at_once() {
    const auto row = around_.state.find(memo_.stream);
    const auto from = known(UINT64_MAX);
    if (following_ || !doubt_.empty() || !row || from->txid == 0) co_return io::result<void>();
    held_log found{from->position, from->own_frame_first, false};
    std::vector<io::error> troubles;
    const auto work = [&]() -> io::result<bool> {
        if (!is_proven(*row, at_->live->identity(), at_->sums)) return false;
        const bool newest = from->txid == row->txid && at_->sums.txid() == row->txid;
        auto pinned = pin_at({from->txid, from->page_count, from->post, from->epoch, from->position, 0}, newest, found, troubles);
        if (!pinned || !*pinned) at_->live->log_pin().let_go();
        return pinned;
    };
    auto pinned = co_await locally(work);
    tell_damage(troubles);
    set_shadow_bytes(at_->shadow.bytes());
    if (!pinned && pinned.error().about == io::subject::database) co_return pinned.error();
    if (!pinned) env_.journal.warning("{}: the log is not pinned before the store answers: {}", memo_.stream, pinned.error().context);
    if (!pinned || !*pinned) co_return io::result<void>();
    following_ = true;
    memo now = *row;
    now.position = found.at;
    now.path = memo_.path;
    now.state = memo_.state;
    now.problem = memo_.problem;
    now.pressure = memo_.pressure;
    now.shadow_bytes = memo_.shadow_bytes;
    now.reanchors = memo_.reanchors;
    memo_ = std::move(now);
    at_->own_frame_first = found.own_frame_first;
    if (found.restarted) remember();
    io::failpoint("attach.held");
    co_return io::result<void>();
}

// The blocking part of it: pins the log if it goes on where `from`, or the segments behind it, end. A log whose frames are all in the database file
// is restarted for that, and what is not known to be durable of it is copied to a segment before; not if there may be objects after `from` (it is
// not the `newest`), for what such an object was made from is only proven by the log.
io::result<bool> database::pin_at(base_state from, bool newest, held_log& found, std::vector<io::error>& troubles) {
    if (!at_->shadow.segments().empty()) {
        auto joined = at_->shadow.begin_at(found.at, env_.time.wall_ms(), troubles);
        if (!joined) return joined.error();
        if (!joined->found) return false;
        if (found.at != from.position) found.own_frame_first = joined->own_frame_first;
        from.position = found.at;
    }
    at_->own_frame_first = found.own_frame_first;
    const auto holds = [&]() -> io::result<bool> {
        auto head = at_->log.open();
        if (!head) return head.error();
        wal::position at = at_->shadow.goes_on_from(from.position);
        return at_->log.holds(at, false);
    };
    auto held = holds();
    if (!held || !*held) return held;
    const auto before = at_->live->index();
    if (!before) return before.error();
    if (newest && before->backfilled >= before->max_frame) {
        if (auto copied = copy_log(from); !copied) return copied.error();
    }
    tail saved;
    const wal::drain drain = [&](const wal::wal_index& now) -> io::result<bool> {
        auto kept = holds();
        if (kept && *kept) kept = now.max_frame != 0 ? save_tail(from, now, saved) : nothing_follows(at_->shadow.goes_on_from(from.position));
        if (!kept || (newest && *kept)) return kept;
        return io::error{io::errc::gap, io::subject::database, "continuity is lost: what is in the log cannot be kept before it is restarted"};
    };
    auto taken = at_->live->log_pin().take(drain);
    if (!taken && taken.error().code == io::errc::gap) return false;
    if (!taken) return taken.error();
    if (auto same = at_->live->check(); !same) return same.error();
    if (taken->what != wal::handoff::outcome::handed_off) return holds();
    if (auto ok = follow_restart(*taken, saved); !ok) return ok.error();
    if (at_->shadow.front()) return true;
    found = {saved.next, taken->own_frame_first, true};
    return true;
}

// Between generations, when all frames in the file are dead: whether the stream, which is at `from`, has all of them.
io::result<bool> database::nothing_follows(const wal::position& from) {
    auto rest = at_->log.read(from, UINT64_MAX, UINT64_MAX);
    if (!rest) return rest.error();
    return rest->batch.frames() == 0;
}

}  // namespace engine
