#include "tests/sim/network.h"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>

namespace sim {

namespace {

constexpr io::duration try_again = std::chrono::milliseconds(500);  // a handshake that got no answer

io::error trouble(io::errc code, const io::peer& to, std::string_view what) {
    return {code, io::subject::general, fmt::format("{}:{}: {}", to.host, to.port, what)};
}

void rethrow(std::exception_ptr thrown) {
    if (thrown) std::rethrow_exception(thrown);
}

}  // namespace

struct network::state {
    explicit state(world& in) : loop(in.loop), dice(in.stream("network")), time(in.loop, the_world, wall) {}

    scheduler& loop;
    prng dice;
    host_clocks wall;
    sim::clock time;  // the listeners'
    network_habits habits;
    std::map<std::pair<std::string, std::uint16_t>, listener> listeners;
    std::set<std::string> cut;  // hosts
    std::vector<std::weak_ptr<connection>> connections;
    std::uint64_t connects = 0;

    bool happens(std::uint64_t rate) { return rate != 0 && dice.below(1'000'000) < rate; }
    io::duration latency() {
        const auto least = static_cast<std::uint64_t>(habits.least_latency.count());
        return io::duration(static_cast<io::duration::rep>(dice.between(least, std::max(least, static_cast<std::uint64_t>(habits.most_latency.count())))));
    }
    // Those that are over are forgotten.
    std::size_t count() {
        std::erase_if(connections, [](const auto& each) {
            const auto one = each.lock();
            return one == nullptr || one->over();
        });
        return connections.size();
    }
};

class network::client final : public io::network {
public:
    client(std::shared_ptr<state> of, process& who) : of_(std::move(of)), who_(who) {}

    io::task<io::result<std::unique_ptr<io::byte_stream>>> connect(io::peer to, io::instant until) override {
        state& all = *of_;
        ++all.connects;
        if (to.tls) co_return trouble(io::errc::invalid, to, "TLS is not simulated");
        const bool resolved = !all.happens(all.habits.unresolved);
        const bool refused = all.happens(all.habits.refused);
        bool silent = all.happens(all.habits.unanswered);
        co_await io::sleep_for(who_.time, all.latency());
        const auto found = all.listeners.find({to.host, to.port});
        if (!resolved || found == all.listeners.end()) co_return trouble(io::errc::io_failure, to, "no such host");
        if (!found->second.up()) silent = silent || all.dice.below(2) == 0;
        while (silent || all.cut.contains(who_.machine.name)) {
            if (who_.time.now() >= until) co_return trouble(io::errc::timed_out, to, "no answer");
            co_await io::sleep_for(who_.time, std::min(try_again, until - who_.time.now()));
        }
        co_await io::sleep_for(who_.time, 2 * all.latency());
        if (who_.time.now() >= until) co_return trouble(io::errc::timed_out, to, "no answer");
        if (refused || !found->second.up()) co_return trouble(io::errc::io_failure, to, "connection refused");
        auto cut = [of = of_, host = who_.machine.name] { return of->cut.contains(host); };
        const auto made = std::make_shared<connection>(all.loop, std::shared_ptr<const network_habits>(of_, &all.habits), prng(all.dice.next()),
                                                       connection::owner{who_.id, who_.time}, connection::owner{the_world, all.time}, std::move(cut));
        (void)all.count();
        all.connections.push_back(made);
        boost::asio::co_spawn(all.loop.executor_of(the_world), found->second.serve(made->server_end()), rethrow);
        co_return made->client_end();
    }

private:
    std::shared_ptr<state> of_;
    process& who_;
};

network::network(world& in) : state_(std::make_shared<state>(in)) {
    in.when_killed.push_back([of = state_](const process& dead, bool power_lost) {
        for (const auto& each : of->connections) {
            const auto one = each.lock();
            if (one != nullptr && one->client() == dead.id) one->client_dies(power_lost);
        }
    });
}

network::~network() = default;

network_habits& network::habits() { return state_->habits; }

void network::listen(const std::string& host, std::uint16_t port, listener who) { state_->listeners[{host, port}] = std::move(who); }

void network::cut(const host& from) { state_->cut.insert(from.name); }

void network::heal(const host& from) { state_->cut.erase(from.name); }

void network::calm() {
    network_habits& h = state_->habits;
    h.unresolved = h.refused = h.unanswered = h.reset = h.silent = h.stalled = 0;
    const network_habits good;
    h.bytes_per_ms = std::max(h.bytes_per_ms, good.bytes_per_ms);
    h.window = std::max(h.window, good.window);
    h.most_latency = std::max(h.least_latency, std::min(h.most_latency, good.most_latency));
    state_->cut.clear();
}

io::network& network::of(process& who) {
    auto& made = clients_[who.id];
    if (made == nullptr) made = std::make_unique<client>(state_, who);
    return *made;
}

std::size_t network::open() const { return state_->count(); }

std::size_t network::open_by(process_id who) const {
    return static_cast<std::size_t>(std::count_if(state_->connections.begin(), state_->connections.end(), [who](const auto& each) {
        const auto one = each.lock();
        return one != nullptr && one->client() == who && !one->client_closed();
    }));
}

std::uint64_t network::connects() const { return state_->connects; }

}  // namespace sim
