#include <gtest/gtest.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <fstream>

#include "io/task_group.h"
#include "io/tcp_network.h"
#include "tests/support/real_environment.h"
#include "tests/support/temp_directory.h"

namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using namespace std::chrono_literals;

// A listening socket; what it does with its connections is the test's own.
class network_test : public testing::Test {
public:
    tests::real_environment world;
    io::tcp_network net{world.env.on};
    tcp::acceptor listener{world.env.on, tcp::endpoint(asio::ip::address_v4::loopback(), 0)};
    io::peer there{"127.0.0.1", listener.local_endpoint().port(), {}};

    io::instant in(io::duration how_long) { return world.env.time.now() + how_long; }
    io::task<tcp::socket> accept() { co_return co_await listener.async_accept(asio::use_awaitable); }
};

TEST_F(network_test, bytes_arrive_in_both_directions_and_an_orderly_end_is_zero) {
    world.run([&]() -> io::task<void> {
        io::task_group both(world.env.time, world.env.on);
        both.spawn([](network_test& t) -> io::task<void> {
            auto socket = co_await t.accept();
            std::string got(300'000 + 4, '\0');
            co_await asio::async_read(socket, asio::buffer(got), asio::use_awaitable);
            EXPECT_EQ(got.substr(0, 4), "head");
            EXPECT_EQ(got.substr(4), std::string(300'000, 'b'));
            co_await asio::async_write(socket, asio::buffer("answer", 6), asio::use_awaitable);
        }(*this));
        auto stream = co_await net.connect(there, in(10s));
        EXPECT_TRUE(stream);
        const std::string body(300'000, 'b');
        auto sent = co_await (*stream)->write(io::view_of("head"), io::view_of(body), {});
        EXPECT_TRUE(sent);
        std::string answer;
        io::bytes buffer(4);
        while (true) {
            auto got = co_await (*stream)->read_some(buffer, {});
            EXPECT_TRUE(got);
            if (!got || *got == 0) break;
            answer += io::text_of(io::byte_view(buffer).first(*got));
        }
        EXPECT_EQ(answer, "answer");
        co_await both.join();
    }());
}

TEST_F(network_test, a_silent_peer_is_timed_out_by_stall_and_by_deadline) {
    world.run([&]() -> io::task<void> {
        auto stream = co_await net.connect(there, in(10s));
        io::bytes buffer(16);
        auto stalled = co_await (*stream)->read_some(buffer, {20ms, io::instant::max()});
        EXPECT_EQ(stalled.error().code, io::errc::timed_out) << stalled.error().context;
        auto second = co_await net.connect(there, in(10s));
        auto late = co_await (*second)->read_some(buffer, {1h, in(20ms)});
        EXPECT_EQ(late.error().code, io::errc::timed_out) << late.error().context;
        // A peer that does not read: the socket buffers fill up, then nothing moves.
        auto third = co_await net.connect(there, in(10s));
        const io::bytes much(64U << 20U);
        auto stuck = co_await (*third)->write(much, {}, {50ms, io::instant::max()});
        EXPECT_EQ(stuck.error().code, io::errc::timed_out) << stuck.error().context;
    }());
}

TEST_F(network_test, a_slow_but_moving_peer_is_not_a_stalled_one) {
    world.run([&]() -> io::task<void> {
        io::task_group both(world.env.time, world.env.on);
        both.spawn([](network_test& t) -> io::task<void> {
            auto socket = co_await t.accept();
            for (int i = 0; i < 8; ++i) {
                co_await io::sleep_for(t.world.env.time, 50ms);
                co_await asio::async_write(socket, asio::buffer("x", 1), asio::use_awaitable);
            }
        }(*this));
        auto stream = co_await net.connect(there, in(10s));
        io::bytes buffer(1);
        for (int i = 0; i < 8; ++i) {
            auto got = co_await (*stream)->read_some(buffer, {10s, in(20s)});
            EXPECT_TRUE(got && *got == 1);
        }
        co_await both.join();
    }());
}

TEST_F(network_test, close_ends_a_read_that_waits) {
    world.run([&]() -> io::task<void> {
        auto stream = co_await net.connect(there, in(10s));
        io::task_group other(world.env.time, world.env.on);
        other.spawn([](io::byte_stream& s) -> io::task<void> {
            s.close();
            co_return;
        }(**stream));
        io::bytes buffer(16);
        auto got = co_await (*stream)->read_some(buffer, {});
        EXPECT_EQ(got.error().code, io::errc::canceled);
        co_await other.join();
    }());
}

TEST_F(network_test, a_stream_that_is_not_used_closes_itself_and_one_that_is_used_does_not) {
    world.run([&]() -> io::task<void> {
        auto idle = co_await net.connect(there, in(10s));
        auto theirs = co_await accept();
        (*idle)->close_at(in(20ms));
        char byte = 0;
        auto [failure, got] = co_await theirs.async_read_some(asio::buffer(&byte, 1), asio::as_tuple(asio::use_awaitable));
        EXPECT_EQ(failure, asio::error::eof);

        auto used = co_await net.connect(there, in(10s));
        auto other = co_await accept();
        (*used)->close_at(in(500ms));
        auto sent = co_await (*used)->write(io::view_of("x"), {}, {});
        EXPECT_TRUE(sent);
        co_await io::sleep_for(world.env.time, 700ms);
        sent = co_await (*used)->write(io::view_of("y"), {}, {});
        EXPECT_TRUE(sent);
        char both[2];
        const std::size_t read = co_await asio::async_read(other, asio::buffer(both), asio::use_awaitable);
        EXPECT_EQ(read, 2U);
    }());
}

TEST_F(network_test, a_refused_connection_and_an_unknown_host_say_so) {
    const io::peer nobody{"127.0.0.1", listener.local_endpoint().port(), {}};
    listener.close();
    world.run([&]() -> io::task<void> {
        auto refused = co_await net.connect(nobody, in(10s));
        EXPECT_EQ(refused.error().code, io::errc::io_failure);
        EXPECT_NE(refused.error().context.find("refused"), std::string::npos) << refused.error().context;
        auto unknown = co_await net.connect({"no-such-host.invalid", 80, {}}, in(30s));
        EXPECT_FALSE(unknown);
        EXPECT_NE(unknown.error().context.find("no-such-host.invalid"), std::string::npos) << unknown.error().context;
    }());
}

TEST_F(network_test, a_peer_that_never_shakes_hands_ends_at_the_connect_deadline) {
    there.tls = io::tls_options{};
    world.run([&]() -> io::task<void> {
        auto late = co_await net.connect(there, in(30ms));
        EXPECT_EQ(late.error().code, io::errc::timed_out) << late.error().context;
    }());
}

TEST_F(network_test, a_ca_file_that_is_none_is_invalid) {
    tests::temp_directory folder;
    std::ofstream(folder.file("ca.pem")) << "not a certificate";
    for (const auto& path : {folder.file("ca.pem"), folder.file("absent.pem")}) {
        there.tls = io::tls_options{path, true};
        auto made = world.run(net.connect(there, in(10s)));
        EXPECT_EQ(made.error().code, io::errc::invalid);
        EXPECT_NE(made.error().context.find(path), std::string::npos) << made.error().context;
    }
}

}  // namespace
