// The composition root: the real event loop, clock, disk, threads and log, put together for the engine.
#pragma once

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <exception>
#include <memory>
#include <optional>
#include <utility>

#include "io/environment.h"
#include "io/posix_file_system.h"

namespace apps {

class world {
    boost::asio::io_context loop_{1};
    io::real_clock time_;
    io::real_random dice_;
    io::posix_file_system files_;
    std::unique_ptr<io::log> journal_;
    io::thread_pool_offload elsewhere_;

public:
    // Log lines below `least` are dropped.
    explicit world(io::level least = io::level::warning);

    const io::environment env;

    boost::asio::io_context& loop() { return loop_; }

    // Runs the event loop until the coroutine has ended. Rethrows its exception. What else was spawned must have ended or be harmless
    // to forget.
    template <class T>
    T run(io::task<T> work) {
        std::optional<T> out;
        std::exception_ptr failure;
        const auto ended = [&](std::exception_ptr thrown) {
            failure = std::move(thrown);
            loop_.stop();
        };
        boost::asio::co_spawn(loop_, keep(std::move(work), out), ended);
        loop_.restart();
        loop_.run();
        if (failure) std::rethrow_exception(failure);
        return std::move(*out);
    }

private:
    template <class T>
    static io::task<void> keep(io::task<T> work, std::optional<T>& out) {
        out.emplace(co_await std::move(work));
    }
};

}  // namespace apps
