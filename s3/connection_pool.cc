#include "s3/connection_pool.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "io/wakeup.h"

namespace s3 {

struct connection_pool::waiter {
    io::wakeup granted;
    bool has_place = false;
};

connection_pool::lease::lease(lease&& other) noexcept
    : owner_(std::exchange(other.owner_, nullptr)), connection_(std::move(other.connection_)), reused_(other.reused_) {}

connection_pool::lease::~lease() {
    if (owner_ != nullptr) owner_->give_back(std::move(connection_));
}

connection_pool::connection_pool(const io::environment& env, io::network& net, io::peer to, pool_limits limits)
    : env_(env), net_(net), to_(std::move(to)), limits_(limits) {}

connection_pool::~connection_pool() {
    if (leased_ != 0) std::abort();
}

// One of the places; false if none became free in time.
io::task<bool> connection_pool::take_place(io::instant until) {
    if (waiters_.empty() && leased_ < limits_.most) {
        ++leased_;
        co_return true;
    }
    auto self = std::make_shared<waiter>(waiter{io::wakeup(env_.time, env_.on)});
    waiters_.push_back(self);
    (void)co_await self->granted.wait(until);
    if (!self->has_place) std::erase(waiters_, self);
    co_return self->has_place;
}

std::unique_ptr<http_connection> connection_pool::take_idle(io::duration most_idle) {
    const io::instant now = env_.time.now();
    std::erase_if(idle_, [&](const parked& each) { return now - each.since >= limits_.idle; });
    if (idle_.empty() || most_idle == io::duration::zero() || now - idle_.back().since > most_idle) return nullptr;
    auto out = std::move(idle_.back().connection);
    idle_.pop_back();
    return out;
}

io::task<io::result<connection_pool::lease>> connection_pool::acquire(io::instant until, io::duration most_idle) {
    const bool placed = co_await take_place(until);
    if (!placed) {
        co_return io::error{io::errc::timed_out, io::subject::store, fmt::format("all {} connections were busy until the deadline", limits_.most)};
    }
    lease out(*this);
    out.connection_ = take_idle(most_idle);
    out.reused_ = out.connection_ != nullptr;
    if (!out.connection_) {
        if (open() > limits_.most) idle_.erase(idle_.begin());
        auto stream = co_await net_.connect(to_, std::min(until, env_.time.now() + limits_.connect));
        if (!stream) co_return stream.error().as(io::subject::store);
        out.connection_ = std::make_unique<http_connection>(std::move(*stream));
    }
    co_return out;
}

void connection_pool::give_back(std::unique_ptr<http_connection> connection) {
    if (connection && connection->reusable()) {
        const io::instant now = env_.time.now();
        connection->close_at(now + limits_.idle);
        idle_.push_back({std::move(connection), now});
    }
    if (waiters_.empty()) {
        --leased_;
        return;
    }
    // The place changes hands without becoming free, so that nobody can slip in between.
    waiters_.front()->has_place = true;
    waiters_.front()->granted.notify();
    waiters_.pop_front();
}

}  // namespace s3
