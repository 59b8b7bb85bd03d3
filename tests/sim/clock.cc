#include "tests/sim/clock.h"

#include <boost/asio/async_result.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <optional>

namespace sim {

namespace {

namespace asio = boost::asio;

class timer final : public io::timer {
public:
    timer(scheduler& on, process_id who, const host_clocks& its) : on_(on), who_(who), its_(its) {}

    io::task<void> wait_until(io::instant when) override {
        canceled_ = false;
        auto start = [this, when](auto handler) {
            key_ = on_.at(its_.when(when), who_, [this, handler = std::move(handler)]() mutable {
                key_.reset();
                std::move(handler)();
            });
        };
        // Again, if the host has slept meanwhile.
        bool over = false;
        while (!over) {
            co_await asio::async_initiate<const asio::use_awaitable_t<>, void()>(start, asio::use_awaitable);
            over = canceled_ || its_.monotonic(on_.now()) >= when;
        }
    }

    // Nothing completes inside this call.
    void cancel() override {
        if (!key_) return;
        canceled_ = true;
        on_.hurry(*key_);
    }

private:
    scheduler& on_;
    process_id who_;
    const host_clocks& its_;
    std::optional<scheduler::timer_key> key_;
    bool canceled_ = false;
};

}  // namespace

io::instant host_clocks::when(io::instant monotonic) const {
    constexpr io::duration too_far = std::chrono::hours(24 * 365);  // nothing here lives so long
    if (monotonic > io::instant(too_far)) return io::instant::max();
    if (monotonic < io::instant()) return io::instant();
    const std::int64_t ns = (monotonic + slept).time_since_epoch().count();
    const std::int64_t rate = million + drift_ppm;
    return io::instant(io::duration(ns / rate * million + (ns % rate * million + rate - 1) / rate));
}

std::unique_ptr<io::timer> clock::make_timer(io::executor) { return std::make_unique<timer>(on_, who_, its_); }

}  // namespace sim
