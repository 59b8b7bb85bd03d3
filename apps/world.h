// The composition root: the real event loop, clock, disk, threads and log, put together for the engine.
#pragma once

#include <boost/asio/io_context.hpp>
#include <memory>
#include <utility>

#include "io/environment.h"
#include "io/posix_file_system.h"
#include "io/run.h"

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

    // io::run on this loop.
    template <class T>
    T run(io::task<T> work) {
        return io::run(loop_, std::move(work));
    }
};

}  // namespace apps
