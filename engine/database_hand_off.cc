// How a driver has the log restarted without a gap: what is in it and not durable yet is copied to a segment under the write lock.
#include <fmt/format.h>

#include "engine/database.h"
#include "io/failpoint.h"

namespace engine {

namespace {

constexpr std::uint64_t most_tail_bytes = 8U << 20U;  // copied while writers are kept out; a longer tail is shipped first

std::string milliseconds(std::uint64_t ns) { return fmt::format("{:.1f} ms", static_cast<double>(ns) / 1e6); }

io::error lost(std::string_view why) {
    return {io::errc::gap, io::subject::database, fmt::format("continuity is lost: {}", why)};
}

}  // namespace

// Under the write lock: everything in the log becomes durable, in the store or in segments. False: it must not be restarted.
io::result<bool> database::save_tail(const base_state& from, const wal::wal_index& now, tail& saved) {
    const wal::position at = at_->shadow.goes_on_from(from.position);
    if (now.salt1 != at.salt1 || now.salt2 != at.salt2) return lost("the log was restarted although it was pinned");
    const std::uint64_t end = wal::frame_offset(std::uint64_t{now.max_frame} + 1, at.page_size);
    if (end < at.offset) return lost("the log ends before what was captured of it");
    if (at_->own_frame_first && at.offset == wal::header_size && now.max_frame == 1) return true;
    saved.too_long = end - at.offset > most_tail_bytes;
    if (saved.too_long) return false;
    auto copied = at_->shadow.append(at_->log, {from.txid, from.post, from.page_count}, at, end);
    if (!copied && copied.error().about == io::subject::database) return copied.error();
    if (!copied) {
        saved.unsaved = copied.error().context;
        return false;
    }
    if (end != at.offset) io::failpoint("handoff.saved");
    return true;
}

// After the restart: the segments say which generation follows them.
io::result<void> database::follow_restart(const wal::handoff& done, tail& saved) {
    auto head = at_->log.open();
    if (!head) return head.error();
    if (!*head) return lost("the log is empty after its handoff");
    saved.next = wal::start_of(**head);
    io::failpoint("handoff.restarted");
    const auto& all = at_->shadow.segments();
    if (all.empty() || all.back().seal) return {};
    if (auto ok = at_->shadow.seal(**head, done.own_frame_first); !ok) {
        env_.journal.warning("{}: a crash from here on costs a comparison with the database: {}", memo_.stream, ok.error().context);
    }
    return {};
}

io::task<io::result<void>> database::hand_off() {
    const base_state from = base();
    tail saved;
    const auto work = [&]() -> io::result<wal::handoff> {
        const wal::drain drain = [&](const wal::wal_index& now) { return save_tail(from, now, saved); };
        auto done = at_->live->log_pin().hand_off(drain);
        if (done && done->what == wal::handoff::outcome::handed_off) {
            if (auto ok = follow_restart(*done, saved); !ok) return ok.error();
        }
        saved.waits = at_->shadow.front() != nullptr;
        saved.shadow_bytes = at_->shadow.bytes();
        return done;
    };
    auto done = co_await locally(work);
    if (!done) co_return done.error();
    memo_.shadow_bytes = saved.shadow_bytes;
    if (!saved.unsaved.empty()) {
        // A full disk. Everything is in the log still, and shipped from there; only the log grows until there is room.
        env_.journal.error("{}: the log cannot be restarted and grows: {}", memo_.stream, saved.unsaved);
        show("streaming", "the log cannot be restarted and grows: " + saved.unsaved);
    }
    if (saved.too_long) {
        next_->on_tail_too_long();
        co_return io::result<void>();
    }
    if (done->what == wal::handoff::outcome::lost) co_return lost("somebody restarted the log during its handoff");
    if (done->what == wal::handoff::outcome::not_restarted) {
        next_->on_hand_off_refused(env_.time.now());
        if (saved.waits) next_->on_change();
        co_return io::result<void>();
    }
    if (!saved.waits) {
        memo_.position = saved.next;
        at_->own_frame_first = done->own_frame_first;
        remember();
    }
    next_->on_handed_off(saved.next.offset);
    show("streaming", "");
    tell(event::what::handed_off, fmt::format("writers were kept out for {}", milliseconds(done->locked_ns)));
    co_return io::result<void>();
}

}  // namespace engine
