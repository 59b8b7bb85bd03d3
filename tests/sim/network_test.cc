#include "tests/sim/network.h"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <optional>
#include <set>
#include <vector>

namespace {

using namespace std::chrono_literals;

// A server that sends back what it gets, and a client on another host.
struct wired {
    explicit wired(std::uint64_t seed) : all(seed), machine(all.add_host("a")), who(all.start(machine, "client")), net(all) {
        net.listen("echo", 7, {[this] { return up; }, [this](auto stream) { return echo(std::move(stream)); }});
    }
    io::task<void> echo(std::unique_ptr<io::byte_stream> stream) {
        io::bytes buffer(100'000);
        while (true) {
            auto got = co_await stream->read_some(buffer, io::patience{server_patience});
            if (!got || *got == 0) {
                ended = got ? "in order" : std::string(io::name(got.error().code));
                co_return;
            }
            heard += *got;
            const io::byte_view back = io::byte_view(buffer).first(*got);
            auto sent = co_await stream->write(back, {}, io::patience{server_patience});
            if (!sent) {
                ended = io::name(sent.error().code);
                co_return;
            }
        }
    }
    template <class T>
    T run(io::task<T> work) {
        std::optional<T> out;
        const auto keep = [&out](io::task<T> inner) -> io::task<void> { out.emplace(co_await std::move(inner)); };
        all.run(who, keep(std::move(work)), 1h);
        return std::move(*out);
    }
    io::result<std::unique_ptr<io::byte_stream>> connect(io::duration most = 10s) { return run(net.of(who).connect({"echo", 7, std::nullopt}, all.loop.now() + most)); }
    // Until the server has heard of the end.
    void settle() { all.run([&] { return ended.has_value(); }, 10min); }

    sim::world all;
    sim::host& machine;
    sim::process& who;
    sim::network net;
    bool up = true;
    io::duration server_patience = 5min;
    std::size_t heard = 0;
    std::optional<std::string> ended;
};

io::bytes some_bytes(std::size_t count) {
    sim::prng dice(count);
    io::bytes out(count);
    for (auto& each : out) each = static_cast<std::uint8_t>(dice.next());
    return out;
}

// Sends all of it and reads it back, while a child writes.
io::task<io::result<io::bytes>> there_and_back(wired& w, io::byte_stream& stream, io::bytes data) {
    io::result<void> sent{};
    bool written = false;
    const auto write = [&]() -> io::task<void> {
        sent = co_await stream.write(io::byte_view(data).first(data.size() / 3), io::byte_view(data).subspan(data.size() / 3), io::patience{30s});
        written = true;
    };
    boost::asio::co_spawn(w.who.env.on, write(), [](std::exception_ptr) {});
    io::bytes out, buffer(7000);
    io::result<io::bytes> end{io::bytes()};
    while (out.size() < data.size()) {
        auto got = co_await stream.read_some(buffer, io::patience{30s});
        if (got && *got == 0) got = io::error{io::errc::io_failure, io::subject::general, "an end"};
        if (!got) {
            end = got.error();
            break;
        }
        io::append(out, io::byte_view(buffer).first(*got));
    }
    stream.close();
    while (!written) co_await io::sleep_for(w.who.time, 1ms);
    if (end) end = std::move(out);
    co_return end;
}

TEST(network, bytes_arrive_in_order_whatever_the_pieces) {
    for (std::uint64_t seed = 1; seed <= 10; ++seed) {
        wired w(seed);
        w.net.habits().most_piece = 1 + seed * 77;
        w.net.habits().window = 4000;
        auto stream = w.connect();
        ASSERT_TRUE(stream.has_value());
        const io::bytes data = some_bytes(100'000);
        const auto back = w.run(there_and_back(w, **stream, data));
        ASSERT_TRUE(back.has_value()) << back.error().context;
        EXPECT_EQ(*back, data);
        w.settle();
        EXPECT_EQ(*w.ended, "in order");
        stream->reset();
        EXPECT_EQ(w.net.open(), 0U);
    }
}

TEST(network, a_slow_wire_takes_its_time) {
    wired w(1);
    w.net.habits().bytes_per_ms = 100;
    auto stream = w.connect();
    const io::instant begun = w.all.loop.now();
    ASSERT_TRUE(w.run(there_and_back(w, **stream, some_bytes(100'000))).has_value());
    EXPECT_GE(w.all.loop.now() - begun, 1s);
}

TEST(network, a_connect_is_refused_unanswered_or_goes_nowhere) {
    wired w(1);
    EXPECT_EQ(w.run(w.net.of(w.who).connect({"nowhere", 7, std::nullopt}, w.all.loop.now() + 1s)).error().code, io::errc::io_failure);
    EXPECT_EQ(w.run(w.net.of(w.who).connect({"echo", 7, io::tls_options{}}, w.all.loop.now() + 1s)).error().code, io::errc::invalid);
    w.up = false;
    std::set<io::errc> seen;
    for (int i = 0; i < 20; ++i) seen.insert(w.connect().error().code);
    EXPECT_EQ(seen, (std::set{io::errc::io_failure, io::errc::timed_out}));
    w.up = true;
    w.net.habits().unanswered = 1'000'000;
    const io::instant begun = w.all.loop.now();
    EXPECT_EQ(w.connect(3s).error().code, io::errc::timed_out);
    EXPECT_EQ(w.all.loop.now() - begun, 3s);
}

TEST(network, a_reset_is_heard_of_by_both) {
    wired w(2);
    auto stream = w.connect();
    w.net.habits().reset = 1'000'000;
    EXPECT_EQ(w.run(there_and_back(w, **stream, some_bytes(1000))).error().code, io::errc::io_failure);
    w.settle();
    EXPECT_EQ(*w.ended, "io_failure");
}

TEST(network, silence_is_heard_of_by_nobody) {
    wired w(3);
    w.server_patience = 2min;
    auto stream = w.connect();
    w.net.habits().silent = 1'000'000;
    const io::instant begun = w.all.loop.now();
    EXPECT_EQ(w.run(there_and_back(w, **stream, some_bytes(1000))).error().code, io::errc::timed_out);
    EXPECT_GE(w.all.loop.now() - begun, 30s);
    w.settle();
    EXPECT_EQ(*w.ended, "timed_out");
}

TEST(network, nothing_passes_a_partition_until_it_is_healed) {
    wired w(4);
    auto stream = w.connect();
    w.net.cut(w.machine);
    w.all.loop.at(w.all.loop.now() + 10s, sim::the_world, [&] {
        EXPECT_EQ(w.heard, 0U);
        w.net.heal(w.machine);
    });
    const io::bytes data = some_bytes(5000);
    const auto back = w.run(there_and_back(w, **stream, data));
    ASSERT_TRUE(back.has_value()) << back.error().context;
    EXPECT_EQ(*back, data);
    w.net.cut(w.machine);
    EXPECT_EQ(w.connect().error().code, io::errc::timed_out);
}

TEST(network, the_peer_of_a_killed_process_hears_of_it_or_not) {
    std::set<std::string> seen;
    for (std::uint64_t seed = 1; seed <= 40; ++seed) {
        wired w(seed);
        w.server_patience = 1min;
        w.net.habits().unheard = 300'000;
        auto stream = w.connect();
        ASSERT_TRUE(stream.has_value());
        static auto& kept = *new std::vector<std::unique_ptr<io::byte_stream>>();
        kept.push_back(std::move(*stream));  // nobody destroys what a killed process has
        seed % 2 == 0 ? w.all.kill(w.who) : w.all.lose_power(w.machine);
        w.settle();
        seen.insert(*w.ended);
    }
    EXPECT_EQ(seen, (std::set<std::string>{"in order", "io_failure", "timed_out"}));
}

TEST(network, a_seed_is_a_history) {
    const auto hash = [](std::uint64_t seed) {
        wired w(seed);
        w.net.habits().most_piece = 50;
        w.net.habits().stalled = 300'000;
        auto stream = w.connect();
        (void)w.run(there_and_back(w, **stream, some_bytes(3000)));
        return w.all.history.hash();
    };
    EXPECT_EQ(hash(5), hash(5));
    EXPECT_NE(hash(5), hash(6));
}

}  // namespace
