// How a driver has the log restarted without a gap: what is in it and not durable yet is copied to a segment under the write lock.
#include <fmt/format.h>

#include <algorithm>

#include "engine/database.h"
#include "io/buggify.h"
#include "io/failpoint.h"

namespace engine {

namespace {

constexpr std::uint64_t spare_bytes = 64U << 10U;  // for what is committed while room is looked for

std::string milliseconds(std::uint64_t ns) { return fmt::format("{:.1f} ms", static_cast<double>(ns) / 1e6); }

io::error lost(std::string_view why) {
    return {io::errc::gap, io::subject::database, fmt::format("continuity is lost: {}", why)};
}

}  // namespace

// From the segments that hold its generation, beginning at `from`.
io::result<void> database::read_from_segments(frame_source& object, const wal::position& from) {
    if (object.pieces.front().log.get() != &at_->log) return {};  // it does so already
    std::vector<frame_source::piece> pieces;
    for (const auto& each : at_->shadow.segments()) {
        if (each.number < at_->shadow.front()->number || each.end.salt1 != from.salt1 || each.end.salt2 != from.salt2) continue;
        auto frames = at_->shadow.reader(each);
        if (!frames) return frames.error();
        pieces.push_back({std::make_shared<wal::log_reader>(std::move(*frames)), each.end.offset});
    }
    object.pieces = std::move(pieces);
    return {};
}

// Under the write lock: everything in the log becomes durable, in the store or in segments. False: it must not be restarted.
io::result<bool> database::save_tail(const base_state& from, const wal::wal_index& now, tail& saved) {
    const wal::position at = at_->shadow.goes_on_from(from.position);
    if (now.salt1 != at.salt1 || now.salt2 != at.salt2) return lost("the log was restarted although it was pinned");
    const std::uint64_t end = wal::frame_offset(std::uint64_t{now.max_frame} + 1, at.page_size);
    if (end < at.offset) return lost("the log ends before what was captured of it");
    if (at_->own_frame_first && !in_flight_ && at.offset == wal::header_size && now.max_frame == 1) return true;
    if (io::buggify("hand_off.refused")) return false;
    saved.too_long = end - at.offset > tail::most_bytes;
    if (saved.too_long) return false;
    if (end != at.offset && !saved.no_room.empty()) {
        saved.unsaved = saved.no_room;
        return false;
    }
    auto copied = at_->shadow.append(at_->log, {from.txid, from.post, from.page_count}, at, end);
    if (!copied && copied.error().about == io::subject::database) return copied.error();
    // An object that is on its way is read from its segment from here on: the log is about to lose its frames.
    if (copied && in_flight_) {
        io::reached("hand_off.in_flight");
        copied = read_from_segments(*in_flight_, from.position);
    }
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

// Errors: gap if the log was restarted by somebody else, then it must be attached to anew.
io::task<io::result<database::tail>> database::restart_log() {
    using outcome = wal::handoff::outcome;
    const base_state from = base();
    tail saved;
    ++restarts_tried_;
    const auto measure = [this] { return tail_bytes(); };
    const std::uint64_t expected = co_await locally(measure);
    const auto room = co_await find_room(std::min(tail::most_bytes, expected + spare_bytes));
    if (!room) saved.no_room = room.error().context;
    const auto work = [&]() -> io::result<wal::handoff> {
        const wal::drain drain = [&](const wal::wal_index& now) { return save_tail(from, now, saved); };
        auto done = at_->live->log_pin().hand_off(drain);
        if (done && done->what == outcome::handed_off) {
            if (auto ok = follow_restart(*done, saved); !ok) return ok.error();
        }
        saved.waits = at_->shadow.front() != nullptr;
        saved.shadow_bytes = at_->shadow.bytes();
        return done;
    };
    auto done = co_await locally(work);
    set_shadow_bytes(saved.shadow_bytes);
    if (!done) co_return done.error();
    if (!saved.too_long && done->what == outcome::lost) co_return lost("somebody restarted the log during its handoff");
    saved.restarted = !saved.too_long && done->what == outcome::handed_off;
    saved.own_frame_first = done->own_frame_first;
    saved.locked_ns = done->locked_ns;
    if (!saved.restarted) co_return saved;
    if (!saved.waits) {
        at_->own_frame_first = done->own_frame_first;
        (image_ ? image_base_.position : memo_.position) = saved.next;
        if (!image_) remember();
    }
    if (next_) next_->on_handed_off(saved.next.offset);
    tell(ladder_.on_calm(saved.next.offset, true));
    tell(event::what::handed_off, fmt::format("writers were kept out for {}", milliseconds(saved.locked_ns)));
    co_return saved;
}

io::task<io::result<void>> database::hand_off() {
    auto done = co_await restart_log();
    if (!done) co_return done.error();
    if (done->restarted) {
        show("streaming", "");
        co_return io::result<void>();
    }
    if (done->too_long) {
        next_->on_tail_too_long();
        co_return io::result<void>();
    }
    tell(ladder_.on_log(env_.time.now(), next_->log_bytes(), false));
    if (done->unsaved.empty()) {
        tell(ladder_.on_refused(env_.time.now(), "a reader or writer of the application keeps it from being restarted"));
    } else {
        // A full disk. Everything is in the log still, and shipped from there; only the log grows until there is room.
        tell(ladder_.on_disk_low(env_.time.now(), "the log cannot be restarted and grows: " + done->unsaved));
        show("streaming", "the log cannot be restarted and grows: " + done->unsaved);
    }
    next_->on_hand_off_refused(env_.time.now());
    if (done->waits) next_->on_change();
    co_return io::result<void>();
}

}  // namespace engine
