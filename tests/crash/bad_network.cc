#include "tests/crash/bad_network.h"

#include <iterator>
#include <random>
#include <utility>

namespace crash {

namespace {

using tests::fault;

constexpr fault quick[] = {fault::reset,      fault::slow_down, fault::too_many,    fault::internal_error, fault::bad_gateway, fault::request_timeout,
                           fault::cut,        fault::cut,       fault::lose_to_500, fault::lose_to_504,    fault::truncate,    fault::trickle,
                           fault::stale};
constexpr fault slow[] = {fault::swallow, fault::stall};

}  // namespace

bad_network::bad_network(const std::string& server, chooser choose) {
    const auto port = static_cast<std::uint16_t>(std::stoul(server.substr(server.rfind(':') + 1)));
    const auto count = [this, choose = std::move(choose)](const std::string& method, const std::string& target) {
        const fault how = choose(method, target);
        ++requests_;
        spoiled_ += how != fault::none;
        return how;
    };
    proxy_ = std::make_unique<tests::fault_proxy>(loop_, port, count);
    url_ = proxy_->url();
    thread_ = std::thread([this] { loop_.run(); });
}

bad_network::~bad_network() {
    loop_.stop();
    thread_.join();
    proxy_.reset();
}

bad_network::chooser bad_network::by_chance(std::uint64_t seed) {
    return [dice = std::mt19937_64(seed)](const std::string&, const std::string&) mutable {
        if (dice() % 10 != 0) return fault::none;
        return dice() % 50 == 0 ? slow[dice() % std::size(slow)] : quick[dice() % std::size(quick)];
    };
}

}  // namespace crash
