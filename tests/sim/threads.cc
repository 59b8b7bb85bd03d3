#include "tests/sim/threads.h"

#include <boost/asio/async_result.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>
#include <memory>

#include "tests/sim/fiber.h"

namespace sim {

namespace asio = boost::asio;

void threads::start(process_id who, std::function<void()> body) {
    auto guarded = [this, body = std::move(body)] {
        try {
            body();
        } catch (...) {
            on_.post(the_world, [thrown = std::current_exception()] { std::rethrow_exception(thrown); });
        }
    };
    on_.post(who, [guarded = std::move(guarded)] { fiber::start(guarded); });
}

void threads::sleep(io::duration how_long) {
    fiber* const self = fiber::self();
    if (self == nullptr) return;
    on_.at(on_.now() + how_long, on_.running(), [self] { fiber::resume(self); });
    fiber::suspend();
}

void threads::never() {
    fiber* const self = fiber::self();
    if (self == nullptr) return;
    on_.at(io::instant::max(), on_.running(), [self] { fiber::resume(self); });
    fiber::suspend();
}

io::task<void> offload::run(std::function<void()> work) {
    // The caller waits, so references to its frame are good; if its process is killed the frame stays where it is.
    auto start = [this, &work](auto handler) {
        auto done = std::make_shared<decltype(handler)>(std::move(handler));
        waiting_.push_back([this, &work, done] {
            bodies_.sleep(std::chrono::microseconds(dice_.below(50)));
            work();
            ++free_;
            pump();
            on_.post(who_, [done] { std::move(*done)(); });
        });
        pump();
    };
    co_await asio::async_initiate<const asio::use_awaitable_t<>, void()>(start, asio::use_awaitable);
}

void offload::pump() {
    if (free_ == 0 || waiting_.empty()) return;
    --free_;
    bodies_.start(who_, std::move(waiting_.front()));
    waiting_.pop_front();
}

}  // namespace sim
