#include "engine/owner.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/key.h"
#include "io/buggify.h"

namespace engine {

namespace {

constexpr int most_looks = 3;  // before one put

}  // namespace

owner::owner(const io::environment& env, io::object_store& store, const options& settings, heartbeat& host, neighbours& others, std::string stream)
    : env_(env), store_(store), settings_(settings), host_(host), others_(others), stream_(std::move(stream)) {}

// 0: there is no record.
io::task<io::result<std::uint64_t>> owner::newest_epoch() {
    auto found = co_await store_.list(owner_prefix(stream_));
    if (!found) co_return found.error().within("owner of " + stream_);
    std::uint64_t newest = 0;
    for (const auto& each : *found) newest = std::max(newest, parse_owner_key(each.key).value_or(0));
    co_return newest;
}

io::task<io::result<owner_record>> owner::read(std::uint64_t epoch) {
    const std::string key = owner_key(stream_, epoch);
    auto text = co_await store_.get(key, 0, most_owner_document);
    if (!text) co_return text.error();
    auto record = decode_owner_record(*text);
    if (record && record->epoch != epoch) record = io::error{io::errc::corrupt, io::subject::integrity, "it says that it is another epoch's"};
    if (!record) co_return record.error().within(key);
    co_return *record;
}

io::error owner::overtaken_by(std::uint64_t epoch, const io::result<owner_record>& record) const {
    return {io::errc::overtaken, io::subject::store,
            fmt::format("the stream has been taken over (epoch {:016x}): {}. What is committed here from now on is not in the store. Stop one of "
                        "the two; to take it back, start with --take-over",
                        epoch, record ? describe(*record) : record.error().context)};
}

io::task<io::result<owner_view>> owner::look() {
    auto begun = co_await host_.begin();
    if (!begun) co_return begun.error();
    const io::instant now = env_.time.now();
    auto epoch = co_await newest_epoch();
    if (!epoch) co_return epoch.error();
    owner_view out;
    out.take_over = settings_.take_over && epoch_ == 0;  // once: what another takes from us after that is his
    looked_ = now;
    if (*epoch == 0) co_return out;
    auto record = co_await read(*epoch);
    if (epoch_ != 0 && *epoch > epoch_) co_return overtaken_by(*epoch, record);
    const bool nobodys = !record && record.error().code == io::errc::corrupt && out.take_over;
    if (!record && !nobodys) co_return record.error();
    if (record) out.newest = *record;
    out.newest.epoch = *epoch;
    if (out.newest.writer == host_.identity()) {
        out.is = owner_view::holder::ours;
        co_return out;
    }
    co_return co_await watch(std::move(out));
}

io::task<io::result<owner_view>> owner::watch(owner_view last) {
    last.is = owner_view::holder::unknown;
    if (last.take_over) co_return last;
    auto life = co_await others_.judge(last.newest.writer, last.newest.lease);
    if (!life) co_return life.error();
    if (*life == neighbour::life::alive) last.is = owner_view::holder::alive;
    if (*life == neighbour::life::dead) last.is = owner_view::holder::dead;
    co_return last;
}

void owner::keep(std::uint64_t epoch) { epoch_ = epoch; }

io::task<io::result<void>> owner::claim(std::uint64_t epoch, std::uint64_t txid, const owner_view& from) {
    const owner_record record{epoch, host_.identity(), host_.nonce(), settings_.host, settings_.who, env_.time.wall_ms(), settings_.lease, txid};
    const io::error contested{io::errc::busy, io::subject::store, "another host claims the stream at this moment: " + owner_key(stream_, epoch)};
    const io::instant now = env_.time.now();
    // The head is of an epoch that was not there when we looked for the owner: whoever claimed that may live, unless its record was removed.
    if (epoch > from.newest.epoch + 1) {
        auto newest = co_await newest_epoch();
        if (!newest) co_return newest.error();
        if (*newest > from.newest.epoch) co_return contested.within("claim " + stream_);
    }
    auto put = co_await store_.put_if_absent(owner_key(stream_, epoch), encode(record), {record.claimed_ms});
    if (!put && (put.error().code == io::errc::already_exists || put.error().code == io::errc::outcome_unknown)) {
        auto there = co_await read(epoch);
        const bool ours = there && there->writer == record.writer && there->nonce == record.nonce;
        if (ours) {
            put = io::result<void>();
        } else if (there || put.error().code == io::errc::already_exists) {
            put = contested;
        }
    }
    if (!put) co_return put.error().within("claim " + stream_);
    epoch_ = epoch;
    looked_ = now;
    const bool may_live = from.is == owner_view::holder::unknown || from.is == owner_view::holder::alive;
    if (may_live) co_await others_.ask_to_look(from.newest.writer);
    co_return io::result<void>();
}

io::task<io::result<void>> owner::check() {
    bool must = host_.copied() || host_.must_look(looked_) || io::buggify("owner.look");
    // Once more, if this host stood still for its lease while it looked; not for ever, for a store may be slower than a lease.
    for (int i = 0; must && i < most_looks; ++i) {
        auto shown = co_await host_.reappear();
        if (host_.copied()) co_return io::error{io::errc::overtaken, io::subject::store, host_.copied()->context};
        if (!shown) co_return shown;
        const io::instant now = env_.time.now();
        auto epoch = co_await newest_epoch();
        if (!epoch) co_return epoch.error();
        if (*epoch > epoch_) {
            auto record = co_await read(*epoch);
            co_return overtaken_by(*epoch, record);
        }
        looked_ = now;
        must = host_.must_look(looked_);
    }
    co_return io::result<void>();
}

}  // namespace engine
