// How a driver ships what the log holds: reads it, puts the object into the store, moves on. While it waits the log is guarded.
#include <algorithm>

#include "engine/database.h"
#include "io/buggify.h"
#include "io/failpoint.h"

namespace engine {

outgoing database::as_outgoing(unsigned level, std::shared_ptr<object_encoder> object) {
    outgoing out;
    out.turn = &turn_;
    out.level = level;
    out.key = replica_.key(level, object->head().range());
    out.head = object->head();
    out.page_bytes = object->page_bytes();
    out.parts = [object]() -> outgoing::part_source {
        object->restart();
        return [object] { return object->next(); };
    };
    return out;
}

// Reads the segments, and then the log up to its newest commit, ships what it found and confirms it. False: there was nothing.
io::task<io::result<bool>> database::capture(bool even_own) {
    next_->on_capture();
    const std::uint32_t page_size = memo_.position.page_size;
    const std::uint64_t most = std::min(what_.settings.batch_bytes, around_.shares.most_listed(page_size));
    const std::uint64_t limit = io::buggify("capture.one_commit") ? 1 : most;
    auto listed = co_await wait_for(around_.shares.lists, budgets::for_list(limit, page_size));
    if (!listed) co_return listed.error();
    const base_state from = base();
    begin_flushes();
    seen_end_.reset();
    const auto read = [&]() -> io::result<captured> {
        if (at_->shadow.front()) return capture_segment(env_.files, *at_, from, limit, env_.time.wall_ms());
        auto now = at_->live->index();
        if (!now) return now.error();
        seen_end_ = log_end{now->salt1, now->salt2, wal::frame_offset(std::uint64_t{now->max_frame} + 1, page_size)};
        auto out = capture_log(*at_, from, now->salt1, now->salt2, now->max_frame, limit, even_own, env_.time.wall_ms());
        if (out && !out->object) {
            if (auto ok = at_->live->check(); !ok) return ok.error();
        }
        return out;
    };
    auto got = co_await locally(read);
    if (!got) co_return got.error();
    if (got->unpublished) {
        io::reached("capture.unpublished");
        next_->on_unpublished(env_.time.now());
    }
    if (!got->object) {
        next_->on_nothing();
        end_flushes(got->unpublished);
        co_return false;
    }
    listed->shrink(budgets::for_list(got->after.offset - from.position.offset, page_size));
    io::failpoint("capture.taken");
    in_flight_ = got->source;
    auto shipped = co_await ship(as_outgoing(level_captures, got->object));
    in_flight_.reset();
    if (!shipped) co_return shipped.error();
    if (io::buggify("confirm.late")) co_await io::sleep_for(env_.time, std::chrono::seconds(1));
    if (auto ok = co_await confirm(*got); !ok) co_return ok.error();
    if (got->more) io::reached("capture.more");
    if (got->of_segment) io::reached("capture.segment");
    if (!got->more && !got->of_segment) end_flushes(got->unpublished);
    else end_flushes_passed();
    co_return true;
}

// To where the log's commits end by now, and not further: who writes more than one object holds, and never pauses, has always committed more by
// then. Precondition: confirm() does not move the pin meanwhile. Its mark is not past that end, so an image of the stream's position may be
// read; unless a restart was tried, which may move it: then the goal is set anew.
io::task<io::result<void>> database::catch_up() {
    std::optional<log_end> goal;
    unsigned restarts = restarts_tried_;
    while (true) {
        auto captured = co_await capture(true);
        if (!captured) co_return captured.error();
        if (!next_->behind()) co_return io::result<void>();
        if (std::exchange(restarts, restarts_tried_) != restarts_tried_) {
            goal.reset();
            continue;
        }
        if (!goal || goal->is_left_by(memo_.position)) goal = seen_end_;
        const bool in_the_log = co_await locally([this] { return at_->shadow.front() == nullptr; });
        if (in_the_log && goal && goal->is_reached_by(memo_.position)) co_return io::result<void>();
    }
}

// While it waits for the store the log is looked after.
io::task<io::result<void>> database::ship(outgoing object, when_refused how) { return guarded(put_through(std::move(object), how)); }

// An object is durable: everything that says how far the stream is moves on, in one go. Segments may have been added to, or sealed, since it
// was captured, so whether it is the last of one is found out now.
io::task<io::result<void>> database::confirm(const captured& what) {
    const ltx::header& head = what.object->head();
    const bool may_advance = next_ && !next_->snapshot_running() && !io::buggify("pin.stays");
    wal::position after = what.after;
    bool ended = false;      // a segment
    bool own_first = false;  // the generation after it begins with our own frame
    bool segments = false;   // there are more
    const auto note = [&]() -> io::result<void> {
        const wal::segment* front = at_->shadow.front();
        for (; front != nullptr && front->ends_by(after); front = at_->shadow.front()) {
            ended = true;
            if (front->end.offset == after.offset) {
                after = front->after();
                own_first = front->seal && front->seal->own_frame_first;
            }
            at_->shadow.front_is_durable();
        }
        segments = front != nullptr;
        if (auto ok = at_->sums.apply(what.object->sums(), head.commit, head.max_txid, head.sums->post); !ok) return ok;
        io::failpoint("confirm.summed");
        return may_advance ? at_->live->log_pin().advance() : io::result<void>();
    };
    auto noted = co_await locally(note);
    adopt(head);
    memo_.durable_ms = env_.time.wall_ms();
    memo_.position = after;
    if (ended || after.offset != wal::header_size) at_->own_frame_first = own_first;
    remember();
    tell(event::what::confirmed);
    io::failpoint("confirm.told");
    if (ended) tidy_up();
    ladder_.on_confirmed(segments);
    if (!next_) co_return noted;
    const bool in_the_log = !what.of_segment && !ended && !segments;
    if (in_the_log && !what.more) tell(ladder_.on_calm(after.offset, false));
    const std::uint64_t log_bytes = io::buggify("hand_off.early") ? what_.settings.checkpoint_bytes : after.offset;
    next_->on_confirmed(env_.time.now(), in_the_log ? log_bytes : next_->log_bytes(), what.more || !in_the_log);
    co_return noted;
}

}  // namespace engine
