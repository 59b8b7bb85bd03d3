#include "tests/sim/clock.h"

#include <boost/asio/async_result.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <optional>

namespace sim {

namespace {

namespace asio = boost::asio;

class timer final : public io::timer {
public:
    timer(scheduler& on, process_id who) : on_(on), who_(who) {}

    io::task<void> wait_until(io::instant when) override {
        auto start = [this, when](auto handler) {
            key_ = on_.at(when, who_, [this, handler = std::move(handler)]() mutable {
                key_.reset();
                std::move(handler)();
            });
        };
        co_await asio::async_initiate<const asio::use_awaitable_t<>, void()>(start, asio::use_awaitable);
    }

    // Nothing completes inside this call.
    void cancel() override {
        if (key_) on_.hurry(*key_);
    }

private:
    scheduler& on_;
    process_id who_;
    std::optional<scheduler::timer_key> key_;
};

}  // namespace

std::unique_ptr<io::timer> clock::make_timer(io::executor) { return std::make_unique<timer>(on_, who_); }

}  // namespace sim
