#include "io/offload.h"

#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace io {

namespace asio = boost::asio;

thread_pool_offload::thread_pool_offload(std::size_t threads) : pool_(threads) {}

thread_pool_offload::~thread_pool_offload() { pool_.join(); }

task<void> thread_pool_offload::run(std::function<void()> work) {
    // The work is posted to the pool; its completion is posted back to the caller's own executor, with which use_awaitable is bound.
    const executor back = co_await asio::this_coro::executor;
    auto start = [this, &work, back](auto handler) {
        asio::post(pool_, [&work, back, handler = std::move(handler)]() mutable {
            work();
            asio::post(back, [handler = std::move(handler)]() mutable { std::move(handler)(); });
        });
    };
    co_await asio::async_initiate<const asio::use_awaitable_t<>, void()>(start, asio::use_awaitable);
}

}  // namespace io
