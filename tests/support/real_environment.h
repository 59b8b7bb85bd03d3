// The real world put together for a test: an event loop, the clock, the disk, threads; the log is kept for the test to read.
#pragma once

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <exception>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "io/environment.h"
#include "io/posix_file_system.h"
#include "io/run.h"

namespace tests {

// Keeps every line, "<level number> <text>".
class recording_log final : public io::log {
public:
    void write(io::level severity, std::string_view text) override;
    bool contains(std::string_view text) const;
    std::vector<std::string> lines() const;

private:
    mutable std::mutex lock_;
    std::vector<std::string> lines_;
};

class real_environment {
    boost::asio::io_context loop_;
    io::real_clock time_;
    io::real_random dice_;
    io::posix_file_system files_;
    io::thread_pool_offload elsewhere_{2};

public:
    recording_log journal;
    // For tests that put a file system of their own in between.
    explicit real_environment(io::file_system* files = nullptr);

    io::environment env;

    boost::asio::io_context& loop() { return loop_; }

    // io::run on this loop.
    template <class T>
    T run(io::task<T> work) {
        return io::run(loop_, std::move(work));
    }
};

}  // namespace tests
