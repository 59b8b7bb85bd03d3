// How a driver has the log restarted without a gap.
#include <fmt/format.h>

#include "engine/database.h"
#include "io/failpoint.h"

namespace engine {

namespace {

constexpr std::uint64_t most_tail_bytes = 8U << 20U;  // captured while writers are kept out; a longer tail is shipped first

std::string milliseconds(std::uint64_t ns) { return fmt::format("{:.1f} ms", static_cast<double>(ns) / 1e6); }

}  // namespace

io::task<io::result<void>> database::hand_off() {
    const base_state from = base();
    captured drained;
    std::string unsaved;
    bool too_long = false;
    const auto work = [&]() -> io::result<wal::handoff> {
        const wal::drain drain = [&](const wal::wal_index& now) -> io::result<bool> {
            const std::uint64_t end = wal::frame_offset(std::uint64_t{now.max_frame} + 1, from.position.page_size);
            if (drained.object) return drained.after.offset == end;
            too_long = end > from.position.offset + most_tail_bytes;
            if (too_long) return false;
            auto got = capture_log(*at_, from, now.salt1, now.salt2, now.max_frame, UINT64_MAX, false, env_.time.wall_ms());
            if (!got) return got.error();
            if (!got->object) return true;
            auto bytes = got->object->all();
            if (!bytes) return bytes.error();
            if (auto ok = pending_.save(env_.files, *bytes); !ok) {
                unsaved = ok.error().context;
                return false;
            }
            drained = std::move(*got);
            drained.whole = std::move(*bytes);
            io::failpoint("handoff.saved");
            return true;
        };
        return at_->live->log_pin().hand_off(drain);
    };
    auto done = co_await locally(work);
    if (!done) co_return done.error();
    if (!unsaved.empty()) {
        // A full disk. Everything is in the log still, and shipped from there; only the log grows until there is room.
        env_.journal.error("{}: the log cannot be restarted and grows: {}", memo_.stream, unsaved);
        show("streaming", "the log cannot be restarted and grows: " + unsaved);
    }
    if (too_long) {
        next_->on_tail_too_long();
        co_return io::result<void>();
    }
    co_return co_await finish_hand_off(*done, std::move(drained));
}

io::task<io::result<void>> database::finish_hand_off(wal::handoff done, captured drained) {
    using outcome = wal::handoff::outcome;
    wal::position after = drained.object ? drained.after : memo_.position;
    if (done.what == outcome::handed_off) {
        auto head = co_await locally([this] { return at_->log.open(); });
        if (!head) co_return head.error();
        if (!*head) co_return io::error{io::errc::gap, io::subject::database, "continuity is lost: the log is empty after its handoff"};
        after = wal::start_of(**head);
        at_->own_frame_first = done.own_frame_first;
    }
    if (drained.object) {
        io::failpoint("handoff.restarted");
        auto shipped = co_await ship(as_outgoing(drained.object->head(), std::move(drained.whole)));
        if (!shipped) co_return shipped;
        if (auto ok = co_await confirm(drained.object, after, false); !ok) co_return ok;
        io::failpoint("handoff.confirmed");
        auto removed = co_await locally([this] { return pending_.remove(env_.files); });
        if (!removed) co_return removed;
    }
    if (done.what == outcome::lost) {
        co_return io::error{io::errc::gap, io::subject::database, "continuity is lost: somebody restarted the log during its handoff"};
    }
    if (done.what == outcome::not_restarted) {
        next_->on_hand_off_refused(env_.time.now());
        co_return io::result<void>();
    }
    memo_.position = after;
    remember();
    next_->on_handed_off(after.offset);
    show("streaming", "");
    tell(event::what::handed_off, fmt::format("writers were kept out for {}", milliseconds(done.locked_ns)));
    co_return io::result<void>();
}

}  // namespace engine
