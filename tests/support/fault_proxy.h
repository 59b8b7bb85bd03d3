// A proxy on loopback between a client and an HTTP server, that spoils exchanges the way real networks and servers do.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "io/task.h"

namespace tests {

enum class fault {
    none,
    // The server never sees the request.
    reset,           // the connection is reset when the request has come
    slow_down,       // 503 SlowDown
    too_many,        // 429 with Retry-After: 0
    internal_error,  // 500 InternalError
    bad_gateway,     // 502 with an HTML page
    request_timeout, // 400 RequestTimeout, then the connection is closed
    denied,          // 403 AccessDenied
    swallow,         // nothing is answered, ever
    access_denied,   // 403 AccessDenied
    no_bucket,       // 404 NoSuchBucket
    // Kept until another request of its method and target comes, just before which the server carries it out; the client hears nothing.
    late,
    // The server carries it out.
    cut,             // the reply is lost: the connection is closed
    lose_to_500,     // the reply is lost: 500 InternalError in its place
    lose_to_504,     // the reply is lost: 504 with an HTML page in its place
    stall,           // half of the reply, then silence
    truncate,        // half of the reply, then an end
    trickle,         // the reply in small pieces with pauses
    stale,           // the reply, whole; then the connection is closed although it said keep-alive
};

class fault_proxy {
public:
    // To the server on 127.0.0.1:`port`. `choose` gets each request's method and target.
    fault_proxy(boost::asio::io_context& loop, std::uint16_t port, std::function<fault(const std::string& method, const std::string& target)> choose);
    ~fault_proxy();
    fault_proxy(const fault_proxy&) = delete;
    fault_proxy& operator=(const fault_proxy&) = delete;

    std::string url() const;  // "http://127.0.0.1:<port>"
    // How often each fault was served.
    const std::map<fault, int>& served() const;
    // Connections accepted so far, and those that are open.
    std::size_t accepted() const;
    std::size_t open() const;

private:
    // Outlives the proxy in its sessions' hands.
    struct state;
    std::shared_ptr<state> state_;
};

}  // namespace tests
