#include "tests/crash/bad_network.h"

#include <iterator>

namespace crash {

namespace {

using tests::fault;

constexpr fault quick[] = {fault::reset,      fault::slow_down, fault::too_many,    fault::internal_error, fault::bad_gateway, fault::request_timeout,
                           fault::cut,        fault::cut,       fault::lose_to_500, fault::lose_to_504,    fault::truncate,    fault::trickle,
                           fault::stale};
constexpr fault slow[] = {fault::swallow, fault::stall};

}  // namespace

bad_network::bad_network(const std::string& server, std::uint64_t seed) : dice_(seed) {
    const auto port = static_cast<std::uint16_t>(std::stoul(server.substr(server.rfind(':') + 1)));
    proxy_ = std::make_unique<tests::fault_proxy>(loop_, port, [this](const std::string&, const std::string&) { return choose(); });
    url_ = proxy_->url();
    thread_ = std::thread([this] { loop_.run(); });
}

bad_network::~bad_network() {
    loop_.stop();
    thread_.join();
    proxy_.reset();
}

tests::fault bad_network::choose() {
    ++requests_;
    if (dice_() % 10 != 0) return fault::none;
    ++spoiled_;
    return dice_() % 50 == 0 ? slow[dice_() % std::size(slow)] : quick[dice_() % std::size(quick)];
}

}  // namespace crash
