// A RADOS gateway of its own behind a fault proxy on a thread of its own: what the programs of a drill have as their store.
#pragma once

#include <boost/asio/io_context.hpp>
#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>

#include "tests/support/fault_proxy.h"
#include "tests/support/rgw.h"

namespace drill {

class proxied_gateway {
public:
    using chooser = std::function<tests::fault(const std::string& method, const std::string& target)>;

    proxied_gateway();
    ~proxied_gateway();
    proxied_gateway(const proxied_gateway&) = delete;
    proxied_gateway& operator=(const proxied_gateway&) = delete;

    // Creates a bucket; its URL leads through the proxy.
    std::string make_bucket(const std::string& name);
    // From now on each request's fate; called on the proxy's thread, one at a time.
    void choose(chooser next);
    void heal() { choose({}); }
    // How many requests have come whose target holds `part`.
    std::size_t requests(const std::string& part);
    // Waits until there have been so many. Throws std::runtime_error after a minute.
    void await_requests(const std::string& part, std::size_t how_many);

private:
    std::size_t count(const std::string& part) const;
    tests::fault fate(const std::string& method, const std::string& target);

    tests::rgw gateway_;
    std::mutex lock_;
    chooser chooser_;
    std::condition_variable more_;
    std::map<std::string, std::size_t> seen_;  // by target
    boost::asio::io_context loop_;
    tests::fault_proxy proxy_;
    std::thread thread_;
};

}  // namespace drill
