// Keep-alive connections to one server. Leases are granted first come, first served.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <vector>

#include "io/environment.h"
#include "io/network.h"
#include "s3/http_connection.h"

namespace s3 {

struct pool_limits {
    std::size_t most = 64;                              // connections at once, idle ones included; further leases wait
    io::duration idle = std::chrono::seconds(20);       // longer unused: closed. Servers close theirs after 5 s to 65 s
    io::duration connect = std::chrono::seconds(10);    // for name, connection and handshake
};

class connection_pool {
public:
    // A connection of one's own until the lease ends; then it goes back, if it can carry another exchange. Must not outlive the pool.
    class lease {
    public:
        lease(lease&& other) noexcept;
        lease& operator=(lease&&) = delete;
        ~lease();
        http_connection& connection() { return *connection_; }
        // Whether it carried exchanges before: the server may have closed it meanwhile.
        bool reused() const { return reused_; }

    private:
        friend class connection_pool;
        explicit lease(connection_pool& owner) : owner_(&owner) {}
        connection_pool* owner_;
        std::unique_ptr<http_connection> connection_;
        bool reused_ = false;
    };

    // `env` and `net` must outlive the pool.
    connection_pool(const io::environment& env, io::network& net, io::peer to, pool_limits limits);
    // No lease may live.
    ~connection_pool();
    connection_pool(const connection_pool&) = delete;
    connection_pool& operator=(const connection_pool&) = delete;

    // A connection that was idle for at most `most_idle` (zero: always a new one), else a new one, before `until`. Errors:
    // subject::store; timed_out (none became free), and those of network::connect.
    io::task<io::result<lease>> acquire(io::instant until, io::duration most_idle = io::duration::max());

    std::size_t open() const { return leased_ + idle_.size(); }
    std::size_t leased() const { return leased_; }
    std::size_t waiting() const { return waiters_.size(); }

private:
    struct waiter;
    struct parked {
        std::unique_ptr<http_connection> connection;
        io::instant since;
    };
    io::task<bool> take_place(io::instant until);
    std::unique_ptr<http_connection> take_idle(io::duration most_idle);
    void give_back(std::unique_ptr<http_connection> connection);

    const io::environment& env_;
    io::network& net_;
    io::peer to_;
    pool_limits limits_;
    std::size_t leased_ = 0;
    std::vector<parked> idle_;  // the one used last is at the end and is used first, so that the others can expire
    std::deque<std::shared_ptr<waiter>> waiters_;
};

}  // namespace s3
