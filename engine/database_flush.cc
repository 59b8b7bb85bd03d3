// Durability on request: a driver's answer that everything committed before the question is in the store.
#include <fmt/format.h>

#include "engine/database.h"

namespace engine {

namespace {

// What the index does not count may be about to be committed: a capture that ends before such frames is believed the third time only.
constexpr unsigned most_looks = 3;

}  // namespace

io::task<io::result<std::uint64_t>> database::flush() {
    if (stopping_ || memo_.state == "stopped" || memo_.state == "waiting" || memo_.state == "halted") {
        co_return io::error{io::errc::canceled, io::subject::general, fmt::format("{}: {}", memo_.stream, memo_.problem.empty() ? "stopped" : memo_.problem)};
    }
    auto mine = std::make_shared<asked_flush>(asked_flush{io::wakeup(env_.time, env_.on), false, 0, std::nullopt, std::nullopt});
    flushes_.push_back(mine);
    if (next_) next_->owe_flush();
    wake_.notify();
    while (!mine->outcome) co_await mine->done.wait();
    co_return *mine->outcome;
}

// A capture of the live log is about to look at its end: it sees what was committed before the flushes that wait by now.
void database::begin_flushes() {
    for (auto& one : flushes_) one->begun = true;
}

// An object that does not reach the end is durable: who waits only for what lies before it has been served.
void database::end_flushes_passed() {
    for (auto& one : flushes_) {
        if (one->begun && !one->goal) one->goal = seen_end_;
        if (!one->goal || !(one->goal->is_left_by(memo_.position) || one->goal->is_reached_by(memo_.position))) continue;
        one->outcome = memo_.txid;
        one->done.notify();
    }
    std::erase_if(flushes_, [](const auto& one) { return one->outcome.has_value(); });
}

// That capture reached the end, and all it found is durable. One that was asked for meanwhile waits for the next capture (E9).
void database::end_flushes(bool frames_follow) {
    for (auto& one : flushes_) {
        if (!one->begun) continue;
        one->begun = false;
        if (frames_follow && ++one->looks < most_looks) continue;
        one->outcome = memo_.txid;
        one->done.notify();
    }
    std::erase_if(flushes_, [](const auto& one) { return one->outcome.has_value(); });
    if (!flushes_.empty()) next_->owe_flush();
}

void database::fail_flushes(const io::error& why) {
    for (auto& one : flushes_) {
        one->outcome = why;
        one->done.notify();
    }
    flushes_.clear();
}

}  // namespace engine
