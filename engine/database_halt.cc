// What a driver does with an object that the store refuses for good: it is kept, the stream halts, and nothing is shipped around it.
#include <fmt/format.h>

#include <algorithm>

#include "engine/database.h"
#include "io/failpoint.h"

namespace engine {

// What must be remembered of an object, for state.db: at the next tick, if it still must be then.
void database::note(const object_name& name) {
    if (const object_row* row = objects_.find(name)) {
        around_.state.put(memo_.stream, *row);
    } else {
        around_.state.drop(memo_.stream, name);
    }
    count_refused();
}

// Copies of shipped objects are not among these: the shelf has them.
void database::count_refused() {
    std::uint64_t bytes = 0;
    for (const auto& [name, row] : objects_.rows()) bytes += row.file.empty() ? 0 : row.size;
    refused_.set(bytes);
}

// In step with the store: nothing is missing that was refused.
void database::begin_objects() {
    for (const object_row& row : around_.state.objects(memo_.stream)) {
        if (row.state != object_row::fate::uploaded) around_.state.drop(memo_.stream, row.name);
    }
    objects_.begin_at(memo_.txid, around_.state.objects(memo_.stream));
    count_refused();
}

// Until the object is durable, is not going to be, or is refused and not to be waited for.
io::task<io::result<void>> database::put_through(outgoing object, when_refused how) {
    const object_name name{object.level, object.head.range()};
    if (auto ok = objects_.on_begin(name, env_.time.wall_ms()); !ok) co_return ok;
    note(name);
    shipping_ = name;
    io::result<void> outcome;
    counted_bytes held(around_.shares.halted);
    const auto copy = begin_copy(object);
    outgoing tried = object;
    if (copy) tried.parts = copy->along(object.parts);
    while (true) {
        outcome = co_await shipper_.ship(tried, [this] { return abandoned_ ? std::optional(io::instant::min()) : deadline(); });
        if (outcome || !is_refusal(outcome.error())) break;
        co_await refuse(object, outcome.error(), how);
        if (how == when_refused::end || !may_hold(held, object) || !co_await asked_to_retry()) break;
    }
    shipping_.reset();
    if (!outcome) {
        co_await give_up(copy);
        co_return outcome;
    }
    objects_.on_confirmed(name, env_.time.wall_ms());
    const bool kept = objects_.find(name) != nullptr;
    if (kept) io::failpoint("object.accepted");
    note(name);
    if (kept || around_.shelf.in_use()) co_await settle(object, copy);
    if (how == when_refused::wait) recover(object.head.max_txid);
    co_return outcome;
}

// Null: no copy of it is wanted, or there is one because it was refused before.
std::shared_ptr<cache_copy> database::begin_copy(const outgoing& object) {
    const object_name name{object.level, object.head.range()};
    const object_row* known = objects_.find(name);
    const std::uint64_t most = around_.shelf.room(name);
    if (most == 0 || (known != nullptr && !known->file.empty())) return nullptr;
    return std::make_shared<cache_copy>(env_.files, cache_.path(name), cache_copy::bounds{around_.state.directory(), around_.settings.disk_reserve, most});
}

io::task<void> database::give_up(std::shared_ptr<cache_copy> copy) {
    const auto drop = [&] { copy->drop(); };
    if (copy) co_await locally(drop);
}

// A shipped object's copy on local disk: kept, if copies are wanted, or removed if there is one.
io::task<void> database::settle(const outgoing& object, std::shared_ptr<cache_copy> copy) {
    const object_name name{object.level, object.head.range()};
    object_row row;
    if (const object_row* known = objects_.find(name)) row = *known;
    objects_.forget(name);
    note(name);
    const auto work = [&]() -> io::result<void> {
        if (!around_.shelf.in_use()) return cache_.remove(name);
        if (!copy || !row.file.empty()) {
            if (copy) copy->drop();
            return {};
        }
        auto kept = copy->keep(object.parts);
        if (!kept) return kept.error();
        if (!*kept) return {};
        row.file = cache_.file(name);
        row.size = (*kept)->size;
        row.file_checksum = (*kept)->file_checksum;
        return {};
    };
    auto settled = co_await locally(work);
    if (!settled) env_.journal.warning("{}: {}", memo_.stream, settled.error().context);  // nothing relies on it
    if (row.file.empty() || !around_.shelf.in_use()) co_return;
    row.name = name;
    row.state = object_row::fate::uploaded;
    row.error.clear();
    row.time_ms = env_.time.wall_ms();
    co_await around_.shelf.add(memo_.stream, std::move(row));
}

// Kept on local disk before anything else is said of it: what is tried later, by whichever process, are the same bytes under the same name.
io::task<void> database::refuse(const outgoing& object, const io::error& why, when_refused how) {
    const object_name name{object.level, object.head.range()};
    objects_.on_refused(name, why.context, env_.time.wall_ms());
    std::string text = why.context;
    if (how == when_refused::wait && objects_.find(name)->file.empty()) {
        const auto save = [&] { return cache_.save(name, object.parts()); };
        auto saved = co_await locally(save);
        if (saved) objects_.on_saved(name, cache_.file(name), saved->size, saved->file_checksum);
        if (!saved) text += "; nor can it be kept on local disk: " + saved.error().context;
    }
    if (const std::string& file = objects_.find(name)->file; !file.empty()) text += "; kept in " + io::join(around_.state.directory(), file);
    note(name);
    io::failpoint("object.refused");
    ladder_.on_trouble(true);
    show("halted", why.context);
    fail_all(why);  // before anybody is told: who asks for a retry because of it gets one
    tell(event::what::upload_failed, std::move(text));
    if (!std::exchange(halted_, true)) {
        tell(event::what::halted, fmt::format("nothing of this stream is shipped before TXID {} was accepted: put right what the store objects "
                                              "to, then restart or `flotilla retry {}`: {}",
                                              name.range.max, memo_.stream, why.context));
    }
}

// Whether the stream may keep in memory what the object is made of while it is refused; else it comes into step anew when it is tried again, as
// after a restart, so that those that halt never keep the others from the memory that they need.
bool database::may_hold(counted_bytes& held, const outgoing& object) {
    held.set(budgets::for_list(object.page_bytes, object.head.page_size));
    if (around_.shares.halted <= around_.shares.most_halted()) return true;
    held.set(0);
    env_.journal.info("{}: too much is refused to be kept in memory: TXID {} is read from local disk when it is tried again", memo_.stream, object.head.max_txid);
    return false;
}

// False: the engine stops.
io::task<bool> database::asked_to_retry() {
    while (retries_.empty() && !stopping_ && !abandoned_) co_await retried_.wait();
    begin_retries();
    co_return !stopping_ && !abandoned_;
}

void database::recover(std::uint64_t txid) {
    if (!std::exchange(halted_, false)) return;
    ladder_.on_trouble(false);
    show("streaming", "");
    tell(event::what::recovered, fmt::format("TXID {} was accepted, the stream goes on", txid));
    answer_retries(txid);
}

void database::begin_retries() {
    for (auto& one : retries_) one->begun = true;
}

// A try has come to nothing. Whoever asked because of that very outcome, in the event that told of it, is answered by the next.
void database::end_retries(const io::error& why) {
    for (auto& one : retries_) {
        if (!one->begun) continue;
        one->outcome = why;
        one->done.notify();
    }
    std::erase_if(retries_, [](const auto& one) { return one->outcome.has_value(); });
}

void database::answer_retries(const io::result<std::uint64_t>& outcome) {
    for (auto& one : retries_) {
        one->outcome = outcome;
        one->done.notify();
    }
    retries_.clear();
}

// For who asks when nobody is there to do it.
io::error database::why_not_there() const {
    return {io::errc::canceled, io::subject::general, fmt::format("{}: {}", memo_.stream, memo_.problem.empty() ? "stopped" : memo_.problem)};
}

io::task<io::result<std::uint64_t>> database::retry() {
    if (!halted_) co_return memo_.txid;
    if (stopping_ || memo_.state == "stopped") {  // nobody is there to try it
        co_return why_not_there();
    }
    auto mine = std::make_shared<asked_retry>(asked_retry{io::wakeup(env_.time, env_.on), false, std::nullopt});
    retries_.push_back(mine);
    retried_.notify();
    wake_.notify();
    while (!mine->outcome) co_await mine->done.wait();
    co_return *mine->outcome;
}

// An object that was refused belongs right after the store's head, or nowhere. True: it was shipped. What else lies in the cache goes.
io::task<io::result<bool>> database::send_cached(const remote_view& remote, std::uint64_t epoch) {
    auto names = co_await locally([this] { return cache_.list(); });
    if (!names) co_return names.error().within("cache");
    for (const object_row& row : around_.state.objects(memo_.stream)) {
        if (std::find(names->begin(), names->end(), row.name) != names->end()) continue;
        const bool refused = row.state == object_row::fate::failed && row.name.range.max > remote.head_txid;
        if (refused && row.file.empty()) continue;  // made anew by this attach
        if (refused) tell(event::what::corruption, fmt::format("{}, which the store has refused, is gone; the database is compared with the store", row.file));
        objects_.forget(row.name);
        around_.shelf.forget(memo_.stream, row.name);
        note(row.name);
    }
    for (const object_name& name : *names) {
        const bool first = name.level == level_snapshots && remote.head_txid == 0 && around_.state.find(memo_.stream).value_or(memo{}).txid == 0;
        const bool shipped = !first && (name.level != level_captures || name.range.max <= remote.head_txid);
        if (shipped && around_.shelf.in_use() && around_.shelf.holds(memo_.stream, name)) continue;
        if (!shipped) {
            auto found = co_await locally([&] { return cache_.verify(name); });
            if (!found && found.error().code != io::errc::corrupt) co_return found.error();
            if (found && (follows_head(remote, found->head, epoch) || (first && found->head.node_id == epoch))) {
                objects_.on_saved(name, cache_.file(name), found->is.size, found->is.file_checksum);
                auto sent = co_await ship(as_outgoing(name, *found), when_refused::end);
                if (!sent) co_return sent.error();
                io::failpoint("attach.resent");
                around_.tell({event::what::confirmed, memo_.stream, name.range.max, {}});
                co_return true;
            }
            const std::string why = found ? fmt::format("{} does not follow TXID {} in the store", cache_.file(name), remote.head_txid)
                                          : found.error().context;
            tell(event::what::corruption, why + "; removed, and the database is compared with the store");
        }
        auto removed = co_await locally([&] { return cache_.remove(name); });
        if (!removed) co_return removed.error();
        objects_.forget(name);
        around_.shelf.forget(memo_.stream, name);
        note(name);
    }
    co_return false;
}

outgoing database::as_outgoing(const object_name& name, const cache::found& what) {
    outgoing out;
    out.turn = &turn_;
    out.level = name.level;
    out.key = replica_.key(name.level, name.range);
    out.head = what.head;
    out.page_bytes = what.is.size;
    out.parts = [this, name, expected = what.is] { return cache_.read(name, expected); };
    return out;
}

}  // namespace engine
