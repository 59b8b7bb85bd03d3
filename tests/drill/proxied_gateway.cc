#include "tests/drill/proxied_gateway.h"

#include <chrono>
#include <stdexcept>
#include <utility>

namespace drill {

namespace {

std::uint16_t port_of(const std::string& url) { return static_cast<std::uint16_t>(std::stoul(url.substr(url.rfind(':') + 1))); }

}  // namespace

proxied_gateway::proxied_gateway()
    : proxy_(loop_, port_of(gateway_.http()), [this](const std::string& method, const std::string& target) { return fate(method, target); }),
      thread_([this] { loop_.run(); }) {}

proxied_gateway::~proxied_gateway() {
    loop_.stop();
    thread_.join();
}

std::string proxied_gateway::make_bucket(const std::string& name) {
    (void)gateway_.make_bucket(name);
    return "s3://" + name + "?endpoint=" + proxy_.url();
}

void proxied_gateway::choose(chooser next) {
    const std::lock_guard held(lock_);
    chooser_ = std::move(next);
}

std::size_t proxied_gateway::count(const std::string& part) const {
    std::size_t out = 0;
    for (const auto& [target, count] : seen_) {
        if (target.find(part) != std::string::npos) out += count;
    }
    return out;
}

std::size_t proxied_gateway::requests(const std::string& part) {
    const std::lock_guard held(lock_);
    return count(part);
}

void proxied_gateway::await_requests(const std::string& part, std::size_t how_many) {
    std::unique_lock held(lock_);
    if (more_.wait_for(held, std::chrono::minutes(1), [&] { return count(part) >= how_many; })) return;
    throw std::runtime_error("only " + std::to_string(count(part)) + " requests for " + part);
}

tests::fault proxied_gateway::fate(const std::string& method, const std::string& target) {
    const std::lock_guard held(lock_);
    ++seen_[target];
    more_.notify_all();
    return chooser_ ? chooser_(method, target) : tests::fault::none;
}

}  // namespace drill
