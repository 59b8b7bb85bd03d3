#include "engine/database.h"

#include <fmt/format.h>

#include "io/failpoint.h"

namespace engine {

namespace {

constexpr std::uint64_t most_tail_bytes = 8U << 20U;  // captured while writers are kept out; a longer tail is shipped first

constexpr io::duration pause_on_event = std::chrono::milliseconds(200);  // a burst of writes to what cannot be followed is one try

constexpr io::retry_policy turn_pause{std::chrono::seconds(1), std::chrono::seconds(1)};

std::string milliseconds(std::uint64_t ns) { return fmt::format("{:.1f} ms", static_cast<double>(ns) / 1e6); }

}  // namespace

database::database(surroundings& around, candidate what)
    : around_(around), env_(around.env), what_(std::move(what)), replica_(around.store, what_.name),
      pending_(around.state.directory(), local_id(around.store.url(), what_.name)),
      shipper_(env_, around.store,
               [this](const io::result<void>& now) {
                   if (now) {
                       show("streaming", "");
                   } else {
                       const bool first = memo_.problem.empty();
                       show("failing", now.error().context);
                       if (!first) return;
                       tell(event::what::failing, now.error().context);
                   }
               }),
      snapshot_shipper_(env_, around.store,
                        [this](const io::result<void>& now) {
                            if (!now) env_.journal.warning("{}: snapshot: {}; trying again", memo_.stream, now.error().context);
                        }),
      wake_(env_.time, env_.on), children_(env_.time, env_.on) {
    if (auto known = around_.state.find(what_.name)) memo_ = *known;
    memo_.stream = what_.name;
    memo_.path = what_.path;
    memo_.state = "starting";
    memo_.problem.clear();
}

io::task<io::result<void>> database::open() { return open_local(); }

void database::on_change() {
    if (next_) next_->on_change();
    wake_.notify();
}

void database::stop() {
    if (stopping_) return;
    stopping_ = true;
    stop_by_ = env_.time.now() + around_.settings.drain_limit;
    if (next_) next_->on_stop();
    wake_.notify();
    shipper_.nudge();
    snapshot_shipper_.nudge();
}

std::optional<io::instant> database::deadline() const { return stopping_ ? std::optional(stop_by_) : std::nullopt; }

base_state database::base() const { return {memo_.txid, memo_.page_count, memo_.post, memo_.epoch, memo_.position, stamped_ms_}; }

void database::tell(event::what kind, std::string text) { around_.tell({kind, memo_.stream, memo_.txid, std::move(text)}); }

// Marks the memo for state.db. Only a memo that is in step may be written: what it says must be true together.
void database::remember() {
    memo_.own_frame_first = at_ && at_->own_frame_first;
    around_.state.put(memo_);
    around_.state_changed();
}

void database::show(std::string state, std::string problem) {
    if (memo_.state == state && memo_.problem == problem) return;
    memo_.state = std::move(state);
    memo_.problem = std::move(problem);
    // The stored row keeps its position; only the words change.
    memo row = around_.state.find(memo_.stream).value_or(memo{});
    row.stream = memo_.stream;
    row.path = memo_.path;
    if (row.txid == 0) {  // so that a first object whose reply was lost is known to be of this file and this writer
        row.identity = memo_.identity;
        row.epoch = memo_.epoch;
    }
    row.state = memo_.state;
    row.problem = memo_.problem;
    around_.state.put(row);
    around_.state_changed();
}

outgoing database::as_outgoing(unsigned level, std::shared_ptr<object_encoder> object) const {
    outgoing out;
    out.key = replica_.key(level, object->head().range());
    out.head = object->head();
    out.parts = [object]() -> outgoing::part_source {
        object->restart();
        return [object] { return object->next(); };
    };
    return out;
}

// The tail of a log that was restarted: shipped as it was saved, for its frames may be overwritten by now.
outgoing database::as_outgoing(const ltx::header& head, io::bytes tail) const {
    outgoing out;
    out.key = replica_.key(level_captures, head.range());
    out.head = head;
    out.parts = [tail = std::move(tail)]() -> outgoing::part_source {
        return [rest = std::optional(tail)]() mutable { return io::result<std::optional<io::bytes>>(std::exchange(rest, std::nullopt)); };
    };
    return out;
}

io::task<void> database::detach() {
    detaching_ = true;
    snapshot_shipper_.nudge();
    co_await children_.join();
    detaching_ = false;
    next_.reset();
    if (at_) co_await env_.elsewhere([this] { at_.reset(); });
}

bool database::is_gone(const io::error& why) const {
    if (why.code == io::errc::not_a_database) return !was_live_;
    return why.code == io::errc::not_found && why.about == io::subject::database && !what_.named;
}

io::task<io::result<void>> database::run() {
    io::backoff pause{io::retry_policy{std::chrono::milliseconds(200), std::chrono::seconds(30)}};
    io::result<void> end;
    while (true) {
        end = co_await attach();
        const bool attached = end.has_value();
        if (attached) {
            if (stopping_) next_->on_stop();
            const std::uint64_t before = memo_.txid;
            end = co_await follow();
            if (memo_.txid != before) pause.reset();
        }
        co_await detach();
        if (end) break;
        const io::error why = end.error();
        if (stopping_) {
            // Before it was in step nothing was captured. Trouble of the store is told all the same: there may be commits to ship.
            if (!attached && (why.about == io::subject::database || why.code == io::errc::canceled)) end = io::result<void>();
            break;
        }
        if (!attached && is_gone(why)) {
            answer_snapshots(why);
            co_return end;
        }
        if (why.code == io::errc::overtaken) {
            show("stopped", why.context);
            tell(event::what::stopped, why.context);
            answer_snapshots(why);
            while (!stopping_) co_await wake_.wait();
            co_return end;  // what was committed since is not in the store, and is not going to be
        }
        const bool lost = why.code == io::errc::gap;
        const bool news = memo_.problem != why.context;
        if (news && lost) env_.journal.warning("{}: {}", memo_.stream, why.context);  // attaching anew tells what comes of it
        if (!lost) {
            show("waiting", why.context);
            if (news) tell(event::what::detached, why.context);
            answer_snapshots(why);
        }
        // A file that is not there, or no database to follow, is looked at again when something happens to it; all else, after a while.
        // One that was followed until now is tried again in any case: what happened to it may be over (replaced by a rename).
        const bool on_event = !attached && why.about == io::subject::database &&
                              (why.code == io::errc::not_found || why.code == io::errc::not_wal || why.code == io::errc::not_a_database);
        const io::instant again = env_.time.now() + (on_event ? pause_on_event : pause.next(env_.dice));
        if (on_event) co_await wake_.wait();
        while (!stopping_ && env_.time.now() < again) co_await wake_.wait(again);
    }
    answer_snapshots(io::error{io::errc::canceled, io::subject::general, "the engine stopped"});
    if (end) show("stopped", "");
    co_return end;
}

io::task<io::result<void>> database::follow() {
    using step = database_state::step;
    while (true) {
        if (!doubt_.empty()) co_return io::error{io::errc::gap, io::subject::database, "continuity is lost: " + doubt_};
        const auto now = next_->decide(env_.time.now());
        io::result<void> done;
        switch (now.what) {
            case step::wait: co_await wake_.wait(now.until); break;
            case step::capture: {
                if (deadline() && env_.time.now() >= *deadline()) {
                    co_return io::error{io::errc::timed_out, io::subject::store, "what was committed before the stop could not all be shipped in time"};
                }
                auto captured = co_await capture(false);
                if (!captured) done = captured.error();
                break;
            }
            case step::snapshot: done = co_await start_snapshot(); break;
            case step::hand_off: done = co_await hand_off(); break;
            case step::finish: co_return io::result<void>();
        }
        if (!done) co_return done;
    }
}

// Reads the log up to its newest commit, ships what it found and confirms it. False: there was nothing.
io::task<io::result<bool>> database::capture(bool even_own) {
    next_->on_capture();
    const base_state from = base();
    const bool busy_handle = next_->snapshot_running();  // another thread reads the file through the connection: leave it alone
    const auto read = [&]() -> io::result<captured> {
        auto now = at_->live->index();
        if (!now) return now.error();
        auto out = capture_log(*at_, from, now->salt1, now->salt2, now->max_frame, what_.settings.batch_bytes, even_own, env_.time.wall_ms());
        if (out && !out->object && !busy_handle) {
            if (auto ok = at_->live->check(); !ok) return ok.error();
        }
        return out;
    };
    auto got = co_await env_.elsewhere(read);
    if (!got) co_return got.error();
    if (got->unpublished) next_->on_unpublished(env_.time.now());
    if (!got->object) {
        next_->on_nothing();
        co_return false;
    }
    io::failpoint("capture.taken");
    auto shipped = co_await shipper_.ship(as_outgoing(level_captures, got->object), [this] { return deadline(); });
    if (!shipped) co_return shipped.error();
    if (auto ok = co_await confirm(got->object, got->after, got->more); !ok) co_return ok.error();
    co_return true;
}

// An object is durable: everything that says how far the stream is moves on, in one go.
io::task<io::result<void>> database::confirm(std::shared_ptr<object_encoder> object, wal::position after, bool more) {
    const ltx::header& head = object->head();
    const bool may_advance = !next_->snapshot_running();
    const auto note = [&]() -> io::result<void> {
        if (auto ok = at_->sums.apply(object->sums(), head.commit, head.max_txid, head.sums->post); !ok) return ok;
        io::failpoint("confirm.summed");
        return may_advance ? at_->live->log_pin().advance() : io::result<void>();
    };
    auto noted = co_await env_.elsewhere(note);
    adopt(head);
    memo_.durable_ms = env_.time.wall_ms();
    memo_.position = after;
    if (after.offset != wal::header_size) at_->own_frame_first = false;
    remember();
    tell(event::what::confirmed);
    io::failpoint("confirm.told");
    next_->on_confirmed(env_.time.now(), after.offset, more);
    co_return noted;
}

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
    auto done = co_await env_.elsewhere(work);
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
        auto head = co_await env_.elsewhere([this] { return at_->log.open(); });
        if (!head) co_return head.error();
        if (!*head) co_return io::error{io::errc::gap, io::subject::database, "continuity is lost: the log is empty after its handoff"};
        after = wal::start_of(**head);
        at_->own_frame_first = done.own_frame_first;
        io::failpoint("handoff.restarted");
    }
    if (drained.object) {
        auto shipped = co_await shipper_.ship(as_outgoing(drained.object->head(), std::move(drained.whole)), [this] { return deadline(); });
        if (!shipped) co_return shipped;
        if (auto ok = co_await confirm(drained.object, after, false); !ok) co_return ok;
        io::failpoint("handoff.confirmed");
        auto removed = co_await env_.elsewhere([this] { return pending_.remove(env_.files); });
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

// The image must not be older than the pin's mark, for up to there the file may have been overwritten: so catch up first, then fix the
// mark where the stream is; while the snapshot is made the pin stays.
io::task<io::result<void>> database::start_snapshot() {
    if (around_.images.available() == 0) {  // its turn is awaited before its mark is fixed, for that keeps the log from being restarted
        next_->on_snapshot_postponed(env_.time.now() + io::backoff(turn_pause).next(env_.dice));
        co_return io::result<void>();
    }
    auto turn = co_await around_.images.acquire();
    next_->on_snapshot_started();
    do {  // once, unless the size limit ends it: a writer that never pauses has always committed more by then
        auto captured = co_await capture(true);
        if (!captured) co_return captured.error();
    } while (next_->behind());
    const std::uint64_t txid = memo_.txid;
    if (memo_.snapshot_txid == txid) {  // there is one of this very state
        next_->on_snapshot_done(env_.time.now(), true);
        answer_snapshots(txid);
        co_return io::result<void>();
    }
    const auto prepare = [&]() -> io::result<std::shared_ptr<object_encoder>> {
        auto image = open_image(*at_, memo_.position, memo_.page_count);
        if (!image) return image.error();
        const ltx::header head = [&] {
            ltx::header h = make_header(1, txid, memo_.page_count, memo_.epoch, wal::header_size, memo_.position,
                                        stamp(env_.time.wall_ms(), stamped_ms_));
            h.sums = ltx::database_sums{0, memo_.post};
            return h;
        }();
        return std::make_shared<object_encoder>(head, all_pages(*image));
    };
    auto object = co_await env_.elsewhere(prepare);
    if (!object) co_return object.error();
    for (auto& one : asked_) one->begun = true;
    io::failpoint("snapshot.begun");
    children_.spawn(make_snapshot(*object, txid, std::move(turn)));
    co_return io::result<void>();
}

io::task<void> database::make_snapshot(std::shared_ptr<object_encoder> object, std::uint64_t txid, [[maybe_unused]] io::semaphore::permit turn) {
    const std::int64_t made_ms = object->head().timestamp_ms;
    const auto until = [this] { return detaching_ ? std::optional(io::instant::min()) : deadline(); };
    auto shipped = co_await snapshot_shipper_.ship(as_outgoing(level_snapshots, std::move(object)), until);
    if (shipped) {
        io::failpoint("snapshot.shipped");
        memo_.snapshot_txid = txid;
        memo_.snapshot_ms = made_ms;
        remember();
        around_.tell({event::what::snapshot, memo_.stream, txid, {}});
    } else {
        env_.journal.error("{}: snapshot at TXID {}: {}", memo_.stream, txid, shipped.error().context);
        if (shipped.error().about == io::subject::integrity) doubt_ = "a snapshot found the database to differ from what was shipped";
    }
    if (next_) next_->on_snapshot_done(env_.time.now(), shipped.has_value());
    const io::result<std::uint64_t> outcome = shipped ? io::result<std::uint64_t>(txid) : shipped.error();
    for (auto& one : asked_) {
        if (!one->begun) continue;
        one->outcome = outcome;
        one->done.notify();
    }
    std::erase_if(asked_, [](const auto& one) { return one->outcome.has_value(); });
    if (!asked_.empty() && next_) next_->owe_snapshot();
    wake_.notify();
}

void database::answer_snapshots(const io::result<std::uint64_t>& outcome) {
    for (auto& one : asked_) {
        one->outcome = outcome;
        one->done.notify();
    }
    asked_.clear();
}

io::task<io::result<std::uint64_t>> database::snapshot() {
    if (stopping_ || memo_.state == "stopped" || memo_.state == "waiting") {
        co_return io::error{io::errc::canceled, io::subject::general, fmt::format("{}: {}", memo_.stream, memo_.problem.empty() ? "stopped" : memo_.problem)};
    }
    auto mine = std::make_shared<asked_snapshot>(asked_snapshot{io::wakeup(env_.time, env_.on), false, std::nullopt});
    asked_.push_back(mine);
    if (next_) next_->owe_snapshot();
    wake_.notify();
    while (!mine->outcome) co_await mine->done.wait();
    co_return *mine->outcome;
}

}  // namespace engine
