// How a driver makes snapshots, beside shipping the log.
#include <fmt/format.h>

#include "engine/database.h"
#include "io/failpoint.h"

namespace engine {

namespace {

constexpr io::retry_policy turn_pause{std::chrono::seconds(1), std::chrono::seconds(1)};

}  // namespace

// The image must not be older than the pin's mark, for up to there the file may have been overwritten: so catch up first, then fix the
// mark where the stream is; while the snapshot is made the pin stays.
io::task<io::result<void>> database::start_snapshot() {
    if (around_.shares.images.available() == 0) {  // its turn is awaited before its mark is fixed, for that keeps the log from being restarted
        next_->on_snapshot_postponed(env_.time.now() + io::backoff(turn_pause).next(env_.dice));
        co_return io::result<void>();
    }
    auto turn = co_await around_.shares.images.acquire();
    next_->on_snapshot_started();
    for (auto& one : asked_) one->begun = true;  // what had been committed before they asked is captured now
    if (auto caught_up = co_await catch_up(); !caught_up) co_return caught_up;
    const std::uint64_t txid = memo_.txid;
    if (memo_.snapshot_txid == txid) {  // there is one of this very state
        next_->on_snapshot_done(env_.time.now(), true);
        end_snapshots(txid);
        co_return io::result<void>();
    }
    const auto given_up = std::make_shared<bool>(false);
    const auto prepare = [&]() -> io::result<std::shared_ptr<object_encoder>> {
        auto image = open_image(*at_, memo_.position, memo_.page_count);
        if (!image) return image.error();
        const ltx::header head = [&] {
            ltx::header h = make_header(1, txid, memo_.page_count, memo_.epoch, wal::header_size, memo_.position,
                                        stamp(env_.time.wall_ms(), stamped_ms_));
            h.sums = ltx::database_sums{0, memo_.post};
            return h;
        }();
        page_list pages = all_pages(*image);
        pages.read = [read = std::move(pages.read), given_up](std::uint32_t pgno, io::byte_span page) -> io::result<void> {
            if (!*given_up) return read(pgno, page);
            return io::error{io::errc::canceled, io::subject::general, "given up: the log that it reads had to be restarted"};
        };
        return std::make_shared<object_encoder>(head, std::move(pages));
    };
    auto object = co_await locally(prepare);
    if (!object) co_return object.error();
    image_given_up_ = given_up;
    io::failpoint("snapshot.begun");
    children_.spawn(make_snapshot(*object, txid, std::move(turn)));
    co_return io::result<void>();
}

io::task<void> database::make_snapshot(std::shared_ptr<object_encoder> object, std::uint64_t txid, [[maybe_unused]] io::semaphore::permit turn) {
    const std::int64_t made_ms = object->head().timestamp_ms;
    const auto until = [this] { return detaching_ ? std::optional(io::instant::min()) : deadline(); };
    const outgoing whole = as_outgoing(level_snapshots, std::move(object));
    const auto copy = begin_copy(whole);
    outgoing tried = whole;
    if (copy) tried.parts = copy->along(whole.parts);
    auto shipped = co_await snapshot_shipper_.ship(std::move(tried), until);
    if (!shipped) co_await give_up(copy);
    if (shipped) {
        io::failpoint("snapshot.shipped");
        if (around_.shelf.in_use()) co_await settle(whole, copy);
        memo_.snapshot_txid = txid;
        memo_.snapshot_ms = made_ms;
        remember();
        around_.tell({event::what::snapshot, memo_.stream, txid, {}});
    } else {
        env_.journal.error("{}: snapshot at TXID {}: {}", memo_.stream, txid, shipped.error().context);
        if (shipped.error().about == io::subject::integrity) doubt_ = "a snapshot found the database to differ from what was shipped";
    }
    image_given_up_.reset();
    if (next_) next_->on_snapshot_done(env_.time.now(), shipped.has_value());
    end_snapshots(shipped ? io::result<std::uint64_t>(txid) : shipped.error());
    wake_.notify();
}

// Of those who had asked when it was begun; for the others another one is owed.
void database::end_snapshots(const io::result<std::uint64_t>& outcome) {
    for (auto& one : asked_) {
        if (!one->begun) continue;
        one->outcome = outcome;
        one->done.notify();
    }
    std::erase_if(asked_, [](const auto& one) { return one->outcome.has_value(); });
    if (!asked_.empty() && next_) next_->owe_snapshot();
}

void database::answer_snapshots(const io::result<std::uint64_t>& outcome) {
    for (auto& one : asked_) {
        one->outcome = outcome;
        one->done.notify();
    }
    asked_.clear();
}

io::task<io::result<std::uint64_t>> database::snapshot() {
    if (stopping_ || memo_.state == "stopped" || memo_.state == "waiting" || memo_.state == "halted") {
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
