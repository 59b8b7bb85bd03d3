#include "engine/shipper.h"

#include <fmt/format.h>

#include <algorithm>

#include "io/buggify.h"
#include "io/failpoint.h"
#include "io/retry.h"

namespace engine {

namespace {

// A store that comes back after hours is used again within the longest of these, and one that is away gets at most that many tries.
constexpr io::retry_policy pauses{std::chrono::milliseconds(100), std::chrono::seconds(10)};

bool may_pass(const io::error& e) {
    switch (io::classify(e.code)) {
        case io::disposition::retry:
        case io::disposition::outcome_unknown: return true;
        // A replica whose directory is coming back must not need a restart.
        default: return e.about == io::subject::store && e.code != io::errc::overtaken && !is_refusal(e);
    }
}

}  // namespace

bool is_refusal(const io::error& e) {
    if (e.about != io::subject::store) return false;
    switch (e.code) {
        case io::errc::access_denied:
        case io::errc::invalid:
        case io::errc::too_large:
        case io::errc::unsupported:
        case io::errc::precondition_failed: return true;
        default: return false;
    }
}

bool shipper::is_over(const limit& deadline) const {
    const auto end = deadline();
    return end && *end <= env_.time.now();
}

shipper::shipper(const io::environment& env, io::object_store& store, budgets& shares, listener on_trouble, guard before_put, waiting on_memory)
    : env_(env), store_(store), shares_(shares), on_trouble_(std::move(on_trouble)), before_put_(std::move(before_put)), on_memory_(std::move(on_memory)),
      nudged_(env.time, env.on) {}

void shipper::nudge() { nudged_.notify(); }

// None: the deadline came first.
io::task<std::optional<io::semaphore::permit>> shipper::wait_for(io::semaphore& from, std::size_t units, const limit& deadline) {
    auto place = from.queue(units, [this] { nudged_.notify(); });
    const bool told = !place.granted() && &from != &shares_.objects;
    if (told) on_memory_(true);
    while (!place.granted() && !is_over(deadline)) co_await nudged_.wait(deadline());
    if (told) on_memory_(false);
    if (!place.granted()) co_return std::nullopt;
    co_return place.take();
}

// One try. Small objects are one put; large ones are written in parts.
io::task<io::result<void>> shipper::put_once(const outgoing& object, const limit& deadline) {
    const io::error too_late{io::errc::timed_out, io::subject::store, "its turn did not come in time"};
    const budgets::share share = shares_.for_object(object.page_bytes);
    const auto memory = co_await wait_for(*share.from, share.bytes, deadline);
    if (!memory) co_return too_late;
    const auto permit = co_await wait_for(shares_.objects, 1, deadline);
    if (!permit) co_return too_late;
    outgoing::part_source source = object.parts();
    const io::object_attributes attributes{object.head.timestamp_ms, share.writer_bytes};
    std::unique_ptr<io::object_writer> writer;
    std::optional<io::bytes> held;
    size_ = 0;
    while (true) {
        io::semaphore::permit turn;
        if (object.turn != nullptr) turn = co_await object.turn->acquire();
        auto part = co_await env_.elsewhere([&source] { return source(); });
        turn = {};
        if (!part) co_return part.error();
        if (*part) {
            size_ += (*part)->size();
            if ((*part)->size() >= 8) file_checksum_ = io::load_big<std::uint64_t>((*part)->data() + (*part)->size() - 8);
        }
        if (!held) {
            held = std::move(*part);
            continue;
        }
        if (!*part) {
            if (auto ok = co_await before_put_(); !ok) co_return ok.error();
        }
        if (!*part && !writer) co_return co_await store_.put_if_absent(object.key, std::move(*held), attributes);
        if (!writer) {
            auto opened = co_await store_.open_writer(object.key, attributes);
            if (!opened) co_return opened.error();
            writer = std::move(*opened);
        }
        if (is_over(deadline)) co_return io::error{io::errc::timed_out, io::subject::store, "was not finished in time"};
        if (auto ok = co_await writer->write(std::move(*held)); !ok) co_return ok.error();
        if (!*part) co_return co_await writer->commit();
        held = std::move(*part);
    }
}

// The name is taken. By what?
io::task<io::result<shipper::taker>> shipper::who_took(const outgoing& object) {
    auto info = co_await store_.head(object.key);
    if (!info) co_return info.error();
    if (info->size < ltx::header_size + ltx::trailer_size) co_return taker::another;
    auto front = co_await store_.get(object.key, 0, ltx::header_size);
    if (!front) co_return front.error();
    auto back = co_await store_.get(object.key, info->size - 8, 8);
    if (!back) co_return back.error();
    auto head = ltx::decode_header(*front);
    if (!head || back->size() != 8) co_return taker::another;
    const bool same = *head == object.head && info->size == size_ && io::load_big<std::uint64_t>(back->data()) == file_checksum_;
    if (same) co_return taker::itself;
    const bool not_after = head->sums && head->node_id != 0 && head->node_id <= object.head.node_id;
    co_return not_after ? taker::ours_or_before : taker::another;
}

io::task<io::result<void>> shipper::ship(outgoing object, limit deadline) {
    io::backoff pause{pauses};
    bool told = false;
    while (true) {
        auto outcome = co_await put_once(object, deadline);
        // Without an answer there may be no time left to ask; the next attach finds out whose it is.
        const bool unknown = !outcome && outcome.error().code == io::errc::outcome_unknown && !is_over(deadline);
        const bool taken = unknown || (!outcome && outcome.error().code == io::errc::already_exists);
        if (taken) {
            auto who = co_await who_took(object);
            if (who && *who == taker::itself) {
                io::reached("ship.itself");
                outcome = io::result<void>();
            } else if (who && *who == taker::ours_or_before) {
                io::reached("ship.arrived_late");
                co_return io::error{io::errc::gap, io::subject::store,
                                    fmt::format("{}: an object that was on its way has arrived under this name, from an earlier process or the owner "
                                                "before; the stream is compared with the store anew",
                                                object.key)};
            } else if (who) {
                co_return io::error{io::errc::overtaken, io::subject::store,
                                    fmt::format("{}: the store already holds other bytes under this name: another writer ships this "
                                                "stream. Stop it, or give this database another stream name",
                                                object.key)};
            } else if (outcome.error().code == io::errc::already_exists) {
                outcome = who.error();
            }
        }
        if (outcome) {
            io::failpoint("ship.done");
            if (told) on_trouble_(outcome);
            co_return outcome;
        }
        if (!may_pass(outcome.error())) co_return outcome.error().within(object.key);
        on_trouble_(outcome);
        told = true;
        const auto end = deadline();
        const io::duration rest = pause.next(env_.dice);
        const io::instant again = env_.time.now() + (io::buggify("ship.at_once") ? io::duration(1) : rest);
        const bool nudged = co_await nudged_.wait(end ? std::min(again, *end) : again);
        if (nudged) pause.reset();
        if (is_over(deadline)) co_return outcome.error().within(object.key);
    }
}

}  // namespace engine
