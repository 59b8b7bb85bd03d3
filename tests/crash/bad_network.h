// The network between flotilla and a store on S3: a fault proxy on a thread of its own, so that it works while the test does something else.
#pragma once

#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "tests/support/fault_proxy.h"

namespace crash {

class bad_network {
public:
    using chooser = std::function<tests::fault(const std::string& method, const std::string& target)>;

    // To the server at "http://127.0.0.1:<port>". `choose` is called on the thread.
    bad_network(const std::string& server, chooser choose);
    // One request in ten is spoiled, in a way that the seed chooses; the slow ways (silence) are rare.
    static chooser by_chance(std::uint64_t seed);
    ~bad_network();
    bad_network(const bad_network&) = delete;
    bad_network& operator=(const bad_network&) = delete;

    std::string url() const { return url_; }
    int requests() const { return requests_; }
    int spoiled() const { return spoiled_; }

private:
    std::atomic<int> requests_ = 0;
    std::atomic<int> spoiled_ = 0;
    boost::asio::io_context loop_;
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> busy_{loop_.get_executor()};
    std::unique_ptr<tests::fault_proxy> proxy_;
    std::string url_;
    std::thread thread_;
};

}  // namespace crash
