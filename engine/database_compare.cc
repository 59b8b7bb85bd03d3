// How a driver compares the live database with what it shipped, beside shipping the log.
#include <fmt/format.h>

#include <algorithm>

#include "engine/database.h"

namespace engine {

namespace {

constexpr unsigned most_tries = 10;  // of a comparison that is given up again and again: then whoever asked is told

}  // namespace

// As for a snapshot: catch up first, then fix the mark where the stream is, and keep the pin there until every page was read.
io::task<io::result<void>> database::start_comparison() {
    next_->on_comparison_started();
    for (auto& one : comparisons_) one->begun = true;
    if (auto caught_up = co_await catch_up(); !caught_up) co_return caught_up;
    const auto prepare = [&]() -> io::result<image_comparison> {
        if (auto same = at_->live->check(); !same) return same.error();
        if (!at_->sums.valid() || at_->sums.post() != memo_.post || at_->sums.txid() != memo_.txid) {
            return io::error{io::errc::corrupt, io::subject::general, "the page sums are not those of what was shipped"};
        }
        auto now = at_->live->index();
        if (!now) return now.error();
        auto image = open_image(*at_, memo_.position, memo_.page_count);
        if (!image) return image.error();
        std::vector<std::uint64_t> known(at_->sums.page_count());
        for (std::uint32_t pgno = 1; pgno <= known.size(); ++pgno) known[pgno - 1] = at_->sums.get(pgno);
        return image_comparison(std::move(*image), now->backfilled, std::move(known), memo_.txid);
    };
    auto prepared = co_await locally(prepare);
    if (!prepared) co_return prepared.error();
    image_given_up_ = std::make_shared<bool>(false);
    children_.spawn(make_comparison(std::move(*prepared)));
    co_return io::result<void>();
}

io::task<void> database::make_comparison(image_comparison what) {
    io::result<live_comparison> outcome = io::error{io::errc::canceled, io::subject::general, memo_.stream + ": the comparison was ended"};
    const auto given_up = image_given_up_;  // as of a snapshot: looked at in the database's turn, in which the log is not restarted
    const auto gone = [&] { return io::error{io::errc::busy, io::subject::store, memo_.stream + ": the log had to be restarted because the store is behind; try again"}; };
    const auto step = [&]() -> io::result<bool> {
        if (*given_up) return gone();
        return what.step();
    };
    const auto finish = [&]() -> io::result<live_comparison> {
        if (*given_up) return gone();
        auto now = at_->live->index();
        if (!now) return now.error();
        return what.finish(at_->log, now->max_frame);
    };
    while (!detaching_ && !stopping_) {
        auto over = co_await locally(step);
        if (over && !*over) continue;
        if (!over) outcome = over.error();
        if (over) outcome = co_await locally(finish);
        break;
    }
    if (outcome && !outcome->equal()) {
        tell(event::what::corruption, fmt::format("{} of {} pages of the live database are not what was shipped as TXID {} (the first is page {}): somebody "
                                                  "wrote past SQLite, or the disk is damaged; nothing was done about it",
                                                  outcome->differing, outcome->page_count, outcome->txid, outcome->first.front()));
    }
    image_given_up_.reset();
    if (next_) next_->on_comparison_done();
    const bool again = !outcome && outcome.error().code == io::errc::busy;
    for (auto& one : comparisons_) {
        if (!one->begun) continue;
        if (again && ++one->given_up < most_tries) {
            one->begun = false;
            continue;
        }
        one->outcome = outcome;
        one->done.notify();
    }
    std::erase_if(comparisons_, [](const auto& one) { return one->outcome.has_value(); });
    wake_.notify();
}

void database::answer_comparisons(const io::result<live_comparison>& outcome) {
    for (auto& one : comparisons_) {
        one->outcome = outcome;
        one->done.notify();
    }
    comparisons_.clear();
}

io::task<io::result<live_comparison>> database::compare() {
    if (stopping_ || memo_.state == "stopped" || memo_.state == "waiting" || memo_.state == "halted") {
        co_return why_not_there();
    }
    auto mine = std::make_shared<asked_comparison>(asked_comparison{io::wakeup(env_.time, env_.on), false, 0, std::nullopt});
    comparisons_.push_back(mine);
    wake_.notify();
    while (!mine->outcome) co_await mine->done.wait();
    co_return *mine->outcome;
}

}  // namespace engine
