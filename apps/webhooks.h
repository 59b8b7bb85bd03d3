// Delivers events to webhooks, beside the engine and never in its way: a webhook that is slow or dead delays nothing but itself.
// All calls on the event loop's thread.
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "apps/webhook.h"
#include "io/environment.h"
#include "io/network.h"
#include "io/retry.h"
#include "io/wakeup.h"

namespace apps {

struct webhook_limits {
    std::size_t queue = 1000;                         // events that wait for one webhook; then the oldest are dropped
    std::size_t text = 1000;                          // bytes of an event's text; the rest is cut off
    std::size_t at_once = 100;                        // events in one request
    io::duration attempt = std::chrono::seconds(10);  // for one try: name, connection, handshake, answer
    io::duration patience = std::chrono::minutes(15);  // an event that old is dropped
    io::duration at_exit = std::chrono::seconds(10);  // from stop() on
    io::retry_policy retry{std::chrono::seconds(1), std::chrono::seconds(30)};
};

class webhooks {
public:
    // `env` and `net` must outlive this. `host` is the "host" of each delivery.
    webhooks(const io::environment& env, io::network& net, std::vector<webhook> to, std::string host, webhook_limits limits = {});
    ~webhooks();

    // Queues the event for every webhook that wants its kind; returns at once.
    void tell(const engine::event& one);

    // Delivers until stop(); then what still waits, for at most limits.at_exit, each without further pauses than half a second. What was not
    // delivered is logged with its number. Once.
    io::task<void> run();
    void stop();

private:
    struct line;
    struct delivery;
    io::task<void> serve(line& to);
    io::task<void> deliver(line& to, delivery what);
    io::task<webhook_verdict> attempt(const webhook& to, const std::string& body, io::instant until);
    delivery take(line& from);
    void drop(line& from, std::size_t number, const std::string& why);
    io::task<void> pause(line& to, io::duration wait);

    const io::environment& env_;
    io::network& net_;
    std::string host_;
    webhook_limits limits_;
    std::vector<std::unique_ptr<line>> lines_;
    bool stopping_ = false;
    io::instant stop_by_{};
};

}  // namespace apps
