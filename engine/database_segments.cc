// What a driver does with segments, beside reading them as it reads the log: those that earlier runs left are shipped before the database is
// looked at, or set aside; those that are durable are removed.
#include <fmt/format.h>

#include <deque>

#include "engine/database.h"
#include "engine/set_aside.h"
#include "io/buggify.h"
#include "io/failpoint.h"

namespace engine {

// How the segments go on from the store's newest object.
struct database::joining {
    bool found = false;
    wal::position at;  // where the stream goes on: in a segment, or in the log after all of them
    bool own_frame_first = false;
    std::vector<io::error> troubles;
};

// What is known of the stream: the memo, or what the first segment says that it follows, if that is newer, for the memo is written behind; but not
// what is newer than `head_txid`.
std::optional<memo> database::known(std::uint64_t head_txid) const {
    auto out = around_.state.find(memo_.stream);
    if (!out || at_->shadow.segments().empty()) return out;
    const wal::segment_head& first = at_->shadow.segments().front().head;
    if (first.base.txid <= out->txid || first.base.txid > head_txid) return out;
    out->txid = first.base.txid;
    out->post = first.base.post;
    out->page_count = first.base.page_count;
    out->position = first.start;
    out->own_frame_first = false;
    return out;
}

// An object that is not known is ours by its epoch; that it was made from these segments has to be shown, as for the log.
io::result<bool> database::made_from_segments(const memo& from, wal::position& end, const changes& unseen) {
    std::deque<wal::log_reader> readers;
    std::vector<stretch> run;
    wal::position at = from.position;
    for (const auto& each : at_->shadow.segments()) {
        if (run.empty() && !each.has(at)) continue;
        auto frames = at_->shadow.reader(each);
        if (!frames) return frames.error();
        readers.push_back(std::move(*frames));
        if (each.has(end)) {
            auto holds = readers.back().holds(end, true);
            if (!holds || !*holds) return holds;
            run.push_back({&readers.back(), at, end});
            return log_holds(run, unseen, from.page_count);
        }
        run.push_back({&readers.back(), at, each.end});
        at = each.after();
    }
    auto head = at_->log.open();
    if (!head) return head.error();
    auto holds = at_->log.holds(end, true);
    if (run.empty() || !holds || !*holds) return holds ? io::result<bool>(false) : holds;
    run.push_back({&at_->log, at, end});
    return log_holds(run, unseen, from.page_count);
}

io::result<database::joining> database::join_segments(const std::optional<memo>& from, const remote_view& remote, const changes& unseen) {
    joining out;
    // What does not follow the store's head is looked at when it is clear how the stream goes on, if it does.
    if (at_->shadow.segments().empty() || !from || !remote.head || !remote.head->sums) return out;
    const ltx::header& head = *remote.head;
    const bool newer = remote.head_txid > from->txid;
    if (head.node_id != from->epoch || remote.head_txid < from->txid || (!newer && head.sums->post != from->post)) return out;
    out.at = newer ? position_after(head) : from->position;
    out.own_frame_first = !newer && from->own_frame_first;
    if (newer) {
        if (unseen.from_txid != from->txid || unseen.to_txid != remote.head_txid) return out;
        auto proven = made_from_segments(*from, out.at, unseen);
        if (!proven) return proven.error();
        if (!*proven) return out;
    }
    const wal::position before = out.at;
    auto joined = at_->shadow.begin_at(out.at, env_.time.wall_ms(), out.troubles);
    if (!joined) return joined.error();
    if (out.at != before) out.own_frame_first = joined->own_frame_first;
    // Without the sums there is no checksum of what follows.
    const bool sums_prove = at_->sums.valid() && at_->sums.txid() == remote.head_txid && at_->sums.post() == head.sums->post;
    out.found = joined->found && (sums_prove || !at_->shadow.front());
    return out;
}

// True: the memo moved on, for there were segments that go on from the store's head, or were durable. `told`: of the head as durable.
io::task<io::result<bool>> database::send_segments(const remote_view& remote, const changes& unseen, bool told, std::uint64_t epoch) {
    if (!remote.head || remote.head->node_id != epoch) co_return false;  // a fence comes first, and it is everything that differs
    const auto from = known(remote.head_txid);
    auto joined = co_await locally([&] { return join_segments(from, remote, unseen); });
    if (!joined) co_return joined.error();
    tell_damage(joined->troubles);
    if (!joined->found) co_return false;
    told = told || remote.head_txid <= memo_.txid;
    memo_.epoch = epoch;
    adopt(*remote.head);
    memo_.position = joined->at;
    at_->own_frame_first = joined->own_frame_first;
    remember();
    if (!told) tell(event::what::confirmed);  // ours, and durable, but nobody was told
    tidy_up();
    while (true) {
        io::reached("attach.segments");
        const base_state last = base();
        const std::uint64_t limit = std::min(what_.settings.batch_bytes, around_.shares.most_listed(last.position.page_size));
        auto listed = co_await wait_for(around_.shares.lists, budgets::for_list(limit, last.position.page_size));
        if (!listed) co_return listed.error();
        const auto read = [&]() -> io::result<captured> {
            if (!at_->shadow.front()) return captured();
            return capture_segment(env_.files, *at_, last, limit, env_.time.wall_ms());
        };
        auto got = co_await locally(read);
        if (!got) co_return got.error();
        if (!got->object) co_return true;
        auto shipped = co_await ship(as_outgoing(level_captures, got->object));
        if (!shipped) co_return shipped.error();
        if (auto ok = co_await confirm(*got); !ok) co_return ok.error();
        io::failpoint("attach.sent");
    }
}

// Before the stream goes on without them: what is left goes on from nothing that is durable. Continuity is decided by the log, and what is lost
// of it is what the database itself says.
io::task<io::result<void>> database::set_segments_aside() {
    std::vector<io::error> troubles;
    const auto work = [&] {
        return at_->shadow.set_aside(env_.time.wall_ms(), "segment: it does not go on from the newest object in the store, as it can be proven here", troubles);
    };
    auto done = co_await locally(work);
    tell_damage(troubles);
    co_return done;
}

void database::tell_damage(const std::vector<io::error>& troubles) {
    for (const auto& each : troubles) {
        tell(event::what::corruption, fmt::format("{}; the newest {} such files of a stream stay", each.context, most_set_aside));
    }
}

void database::tidy_up() {
    if (tidying_) return;
    tidying_ = true;
    children_.spawn(remove_durable_segments());
}

// A process that would begin with the memo as it was before needs them to know where its log goes on, so that is written first.
io::task<void> database::remove_durable_segments() {
    (void)co_await around_.state.flush();
    tidying_ = false;
    std::uint64_t left = 0;
    const auto work = [&]() -> io::result<void> {
        auto removed = at_->shadow.remove_durable();
        left = at_->shadow.bytes();
        return removed;
    };
    auto removed = co_await locally(work);
    if (!removed) env_.journal.warning("{}: a segment that is durable in the store could not be removed: {}", memo_.stream, removed.error().context);
    set_shadow_bytes(left);
}

}  // namespace engine
