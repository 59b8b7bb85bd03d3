#include "engine/database.h"

#include <algorithm>
#include <utility>

namespace engine {

namespace {

// Another host has the stream.
bool is_held(const io::error& why) { return why.code == io::errc::held && why.about == io::subject::store; }

constexpr io::duration pause_on_event = std::chrono::milliseconds(200);  // a burst of writes to what cannot be followed is one try

}  // namespace

database::database(surroundings& around, candidate what)
    : around_(around), env_(around.env), what_(std::move(what)), replica_(around.store, what_.name),
      cache_(env_.files, around.state.directory(), local_id(around.store.url(), what_.name)),
      owner_(env_, around.store, around.settings, around.heart, around.others, what_.name),
      shipper_(env_, around.store, around.shares,
               [this](const io::result<void>& now) {
                   ladder_.on_trouble(!now);
                   if (now) {
                       const bool over = memo_.state == "failing";
                       show("streaming", "");
                       if (over) tell(event::what::recovered, "the store takes objects again");
                   } else {
                       if (shipping_) {
                           objects_.on_trouble(*shipping_, now.error().context);
                           note(*shipping_);
                       }
                       const bool first = memo_.problem.empty();
                       show("failing", now.error().context);
                       if (!first) return;
                       tell(event::what::failing, now.error().context);
                   }
               },
               [this] { return owner_.check(); },
               [this](bool waits) {
                   ladder_.on_memory(env_.time.now(), waits);
                   wake_.notify();
               }),
      snapshot_shipper_(env_, around.store, around.shares,
                        [this](const io::result<void>& now) {
                            if (!now) env_.journal.warning("{}: snapshot: {}; trying again", memo_.stream, now.error().context);
                        },
                        [this] { return owner_.check(); }, [](bool) {}),
      wake_(env_.time, env_.on), turn_(env_.time, env_.on, 1), children_(env_.time, env_.on), ladder_(what_.settings), in_segments_(around.shares.on_disk),
      refused_(around.shares.on_disk), retried_(env_.time, env_.on) {
    if (auto known = around_.state.find(what_.name)) memo_ = *known;
    memo_.stream = what_.name;
    memo_.path = what_.path;
    memo_.state = "starting";
    memo_.problem.clear();
    memo_.pressure.clear();
    memo_.shadow_bytes = 0;  // until they are looked at
    memo_.gone_ms = 0;
}

io::task<io::result<void>> database::open() { return open_local(); }

void database::on_change() {
    if (next_) next_->on_change();
    ladder_.on_change();
    wake_.notify();
}

void database::try_now() {
    if (waits_for_store_) wake_.notify();
    waits_for_store_ = false;
    shipper_.nudge();
    snapshot_shipper_.nudge();
}

void database::stop() {
    if (stopping_) return;
    stopping_ = true;
    stop_by_ = env_.time.now() + around_.settings.drain_limit;
    if (next_) next_->on_stop();
    wake_.notify();
    retried_.notify();
    shipper_.nudge();
    snapshot_shipper_.nudge();
}

std::optional<io::instant> database::deadline() const { return stopping_ ? std::optional(stop_by_) : std::nullopt; }

base_state database::base() const {
    if (image_) return image_base_;
    return {memo_.txid, memo_.page_count, memo_.post, memo_.epoch, memo_.position, stamped_ms_};
}

void database::tell(std::optional<ladder::news> news) {
    if (news) tell(news->kind, std::move(news->text));
}

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
    show_words();
}

void database::show_pressure() {
    std::string now = ladder_.pressure(env_.time.now());
    if (memo_.pressure == now) return;
    memo_.pressure = std::move(now);
    show_words();
}

// The stored row keeps its position; only the words change.
void database::show_words() {
    memo row = around_.state.find(memo_.stream).value_or(memo{});
    row.stream = memo_.stream;
    row.path = memo_.path;
    if (row.txid == 0) {  // so that a first object whose reply was lost is known to be of this file and this writer
        row.identity = memo_.identity;
        row.epoch = memo_.epoch;
    }
    row.state = memo_.state;
    row.problem = memo_.problem;
    row.pressure = memo_.pressure;
    row.shadow_bytes = memo_.shadow_bytes;
    row.gone_ms = 0;
    around_.state.put(row);
    around_.state_changed();
}

// `keep_log`: what is pinned stays so, for the next attach.
io::task<void> database::detach(bool keep_log) {
    detaching_ = true;
    snapshot_shipper_.nudge();
    co_await children_.join();
    detaching_ = false;
    next_.reset();
    for (auto& one : flushes_) {
        one->begun = false;
        one->goal.reset();
    }
    if (keep_log) co_return;
    following_ = false;
    ladder_ = ladder(what_.settings);
    if (at_) co_await locally([this] { at_.reset(); });
}

// After what the store said the log is as much the stream's as before; not if another has the stream.
bool database::keeps_log(const io::error& why) const {
    return following_ && why.about == io::subject::store && why.code != io::errc::overtaken && why.code != io::errc::held;
}

// Waits, with the log guarded if it is kept, until `over` says so, or `again` comes, or the log cannot be kept any more.
io::task<void> database::rest(const io::error& why, std::function<bool()> over, std::optional<io::instant> again) {
    auto rested = co_await guard_until([&] { return stopping_ || over() || (again && env_.time.now() >= *again); }, false, again);
    if (rested) co_return;
    env_.journal.warning("{}: {}, while it waited: {}", memo_.stream, rested.error().context, why.context);
    co_await detach(false);
}

bool database::is_gone(const io::error& why) const {
    if (why.code == io::errc::not_a_database) return !was_live_;
    return why.code == io::errc::not_found && why.about == io::subject::database && !what_.named;
}

// Whoever waits for something of this stream is told why it is not going to happen.
void database::fail_all(const io::error& why) {
    answer_snapshots(why);
    answer_retries(why);
    fail_flushes(why);
    answer_comparisons(why);
}

void database::abandon(const io::error& why) {
    stop();
    fail_all(why);
}

// Not: replaced by another file.
io::task<bool> database::is_missing() {
    const auto found = co_await env_.elsewhere([this] { return env_.files.status(what_.path); });
    co_return !found && found.error().code == io::errc::not_found;
}

// Before it was in step nothing was captured; trouble of the store is told all the same: there may be commits to ship.
io::task<bool> database::is_no_failure_of_stop(const io::error& why, bool attached) {
    if (!attached) {
        if (why.about != io::subject::database && why.code != io::errc::canceled) co_return false;
        env_.journal.warning("{}: stopped before it was in step with the store: what was committed after TXID {} is shipped by the next watch",
                             memo_.stream, memo_.txid);
        co_return true;
    }
    if (!is_gone(why) || !co_await is_missing()) co_return false;
    tell(event::what::detached, why.context);  // deleted by its owner: there is nothing left that could be shipped
    co_return true;
}

// Of a stop that came before the stream was in step, or when the database had just been replaced: once more, for what was committed is on this host
// only.
io::task<bool> database::may_still_catch_up(const io::error& why) {
    if (last_try_ || env_.time.now() >= stop_by_) co_return false;
    if (why.about != io::subject::database && why.code != io::errc::gap) co_return false;
    last_try_ = !co_await is_missing();
    co_return last_try_;
}

// An end of attach() or follow() that is not for good: what is told, and what becomes of who waits.
void database::tell_trouble(const io::error& why) {
    const bool news = memo_.problem != why.context;
    if (why.code == io::errc::gap) {
        if (news) env_.journal.warning("{}: {}", memo_.stream, why.context);  // attaching anew tells what comes of it
        return;
    }
    if (keeps_log(why)) {  // whoever waits goes on waiting: everything is there to be shipped
        const bool first = memo_.state != "failing";
        show("failing", why.context);
        if (first) tell(event::what::failing, why.context);
        return;
    }
    show("waiting", why.context);
    if (news) tell(event::what::detached, why.context);
    answer_snapshots(why);
    fail_flushes(why);
    answer_comparisons(why);
}

// Attached, until it cannot be followed any more, or everything is shipped after a stop.
io::task<io::result<void>> database::stay_in_step() {
    recover(memo_.txid);
    if (stopping_) next_->on_stop();
    co_return co_await follow();
}

// Before the next attach.
io::task<void> database::pause_after(const io::error& why, bool attached, io::backoff& pause) {
    // A file that is not there, or no database to follow, is looked at again when something happens to it; all else, after a while.
    // One that was followed until now is tried again in any case: what happened to it may be over (replaced by a rename).
    const bool on_event = !attached && why.about == io::subject::database &&
                          (why.code == io::errc::not_found || why.code == io::errc::not_wal || why.code == io::errc::not_a_database);
    const io::instant again = env_.time.now() + (on_event ? pause_on_event : is_held(why) ? around_.settings.lease : pause.next(env_.dice));
    const bool of_store = why.about == io::subject::store && !is_held(why);
    if (on_event) co_await wake_.wait();
    waits_for_store_ = of_store;
    co_await rest(why, [&] { return of_store && !waits_for_store_; }, again);
    if (of_store && !std::exchange(waits_for_store_, false)) pause.reset();
}

io::task<io::result<void>> database::run() {
    io::backoff pause{io::retry_policy{std::chrono::milliseconds(200), std::chrono::seconds(30)}};
    io::result<void> end;
    while (true) {
        begin_retries();
        end = co_await attach();
        const bool attached = end.has_value();
        const std::uint64_t before = memo_.txid;
        if (attached) end = co_await stay_in_step();
        if (attached && memo_.txid != before) pause.reset();
        if (end) break;
        const io::error why = end.error();
        const bool kept = keeps_log(why);
        if (stopping_ && following_) end = co_await with_what_is_left(why);
        co_await detach(kept && !stopping_);
        if (stopping_) {
            if (co_await may_still_catch_up(why)) continue;
            if (co_await is_no_failure_of_stop(why, attached)) end = io::result<void>();
            break;
        }
        if (!attached && (is_gone(why) || (is_held(why) && what_.named && !was_ours_))) {
            fail_all(why);
            co_return end;
        }
        if (why.code == io::errc::overtaken) {
            show("stopped", why.context);
            tell(event::what::overtaken, why.context);
            tell(event::what::stopped, why.context);
            fail_all(why);
            while (!stopping_) co_await wake_.wait();
            co_return end;  // what was committed since is not in the store, and is not going to be
        }
        end_retries(why);
        if (halted_ && is_refusal(why)) {
            show("halted", why.context);
            answer_comparisons(why);
            co_await rest(why, [this] { return !retries_.empty(); }, std::nullopt);
            if (stopping_) break;
            continue;
        }
        if (why.code == io::errc::gap && why.about == io::subject::store) co_await around_.heart.refresh();
        tell_trouble(why);
        co_await pause_after(why, attached, pause);
    }
    co_await detach(false);
    const io::error over{io::errc::canceled, io::subject::general, "the engine stopped"};
    fail_all(over);
    if (end) show("stopped", "");
    co_return end;
}

io::task<io::result<void>> database::follow() {
    using step = database_state::step;
    while (true) {
        if (!doubt_.empty()) co_return io::error{io::errc::gap, io::subject::database, "continuity is lost: " + doubt_};
        const bool compare = std::ranges::any_of(comparisons_, [](const auto& one) { return !one->begun; });
        if (compare && !stopping_ && !next_->snapshot_running()) {
            auto begun = co_await start_comparison();
            if (begun) continue;
            for (auto& one : comparisons_) one->begun = false;  // attached anew, it begins anew
            co_return begun;
        }
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
            case step::finish: co_return co_await locally([this] { return at_->live->check(); });  // of a file that was replaced nothing is shipped
        }
        if (!done) co_return done;
    }
}

}  // namespace engine
