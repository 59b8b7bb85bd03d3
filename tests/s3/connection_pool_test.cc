#include "s3/connection_pool.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/real_environment.h"
#include "tests/support/scripted_network.h"

namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;

const std::string ok = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

class connection_pool : public testing::Test {
protected:
    tests::real_environment world;
    tests::scripted_network net;
    const s3::http_request request{"GET", "/", "", {{"host", "h"}}, {}};

    connection_pool() {
        for (int i = 0; i < 10; ++i) net.add({ok, ok, ok, ok, ok, ok, ok, ok});
    }
    s3::pool_limits limits(std::size_t most) const {
        s3::pool_limits out;
        out.most = most;
        return out;
    }
    io::instant in(io::duration time) const { return world.env.time.now() + time; }
    io::task<void> exchange(s3::connection_pool::lease& with) {
        s3::http_response answer;
        auto ended = co_await with.connection().exchange(request, answer, {});
        EXPECT_TRUE(ended);
    }
    io::task<void> turn() { co_await boost::asio::post(world.env.on, boost::asio::use_awaitable); }
};

TEST_F(connection_pool, places_are_given_first_come_first_served) {
    s3::connection_pool pool(world.env, net, {"h", 80, {}}, limits(2));
    std::vector<int> order;
    int running = 0, most = 0;
    const auto worker = [&](int id) -> io::task<void> {
        auto lease = co_await pool.acquire(in(1min));
        EXPECT_TRUE(lease);
        if (!lease) co_return;
        order.push_back(id);
        most = std::max(most, ++running);
        co_await exchange(*lease);
        for (int i = 0; i < id % 3; ++i) co_await turn();
        --running;
    };
    const auto all = [&]() -> io::task<void> {
        for (int id = 0; id < 9; ++id) boost::asio::co_spawn(world.env.on, worker(id), boost::asio::detached);
        while (order.size() < 9 || running > 0) co_await turn();
    };
    world.run(all());
    EXPECT_THAT(order, ElementsAre(0, 1, 2, 3, 4, 5, 6, 7, 8));
    EXPECT_EQ(most, 2);
    EXPECT_EQ(net.connects, 2) << "connections are used again";
    EXPECT_EQ(pool.leased(), 0U);
    EXPECT_EQ(pool.waiting(), 0U);
    EXPECT_EQ(pool.open(), 2U);
}

TEST_F(connection_pool, who_waits_in_vain_leaves_no_trace) {
    s3::connection_pool pool(world.env, net, {"h", 80, {}}, limits(1));
    const auto all = [&]() -> io::task<void> {
        auto first = co_await pool.acquire(in(1min));
        EXPECT_TRUE(first);
        auto second = co_await pool.acquire(in(5ms));
        EXPECT_FALSE(second);
        if (!second) EXPECT_EQ(second.error().code, io::errc::timed_out);
        EXPECT_EQ(pool.waiting(), 0U);
    };
    world.run(all());
    EXPECT_EQ(pool.leased(), 0U);
    const auto again = [&]() -> io::task<void> {
        auto lease = co_await pool.acquire(in(1min));
        EXPECT_TRUE(lease);
    };
    world.run(again());
}

TEST_F(connection_pool, a_new_connection_at_the_limit_replaces_an_idle_one) {
    s3::connection_pool pool(world.env, net, {"h", 80, {}}, limits(1));
    const auto all = [&]() -> io::task<void> {
        const std::pair<io::duration, bool> table[] = {{io::duration::max(), false}, {io::duration::max(), true}, {io::duration::zero(), false}};
        for (const auto& [most_idle, reused] : table) {
            auto lease = co_await pool.acquire(in(1min), most_idle);
            EXPECT_TRUE(lease);
            if (!lease) co_return;
            EXPECT_EQ(lease->reused(), reused);
            co_await exchange(*lease);
            EXPECT_EQ(pool.open(), 1U);
        }
    };
    world.run(all());
    EXPECT_EQ(net.connects, 2);
}

TEST_F(connection_pool, idle_connections_expire_and_the_last_one_used_is_used_first) {
    tests::jumping_clock time;
    const io::environment env{world.env.on, time, world.env.dice, world.env.files, world.env.elsewhere, world.env.journal, {}};
    auto settings = limits(4);
    settings.idle = 20s;
    s3::connection_pool pool(env, net, {"h", 80, {}}, settings);
    const auto all = [&]() -> io::task<void> {
        {
            auto a = co_await pool.acquire(time.now() + 1min);
            auto b = co_await pool.acquire(time.now() + 1min);
            co_await exchange(*a);
            co_await exchange(*b);
        }
        EXPECT_EQ(pool.open(), 2U);
        for (int i = 0; i < 4; ++i) {
            time.advance(8s);
            auto lease = co_await pool.acquire(time.now() + 1min);
            EXPECT_TRUE(lease->reused());
            co_await exchange(*lease);
        }
        EXPECT_EQ(pool.open(), 1U) << "the other one was not used for half a minute";
        time.advance(21s);
        auto lease = co_await pool.acquire(time.now() + 1min);
        EXPECT_FALSE(lease->reused());
    };
    world.run(all());
    EXPECT_EQ(net.connects, 3);
}

TEST_F(connection_pool, a_connection_whose_exchange_failed_is_not_kept) {
    const auto all = [&]() -> io::task<void> {
        tests::scripted_network broken;
        broken.add({"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"});
        s3::connection_pool of_broken(world.env, broken, {"h", 80, {}}, limits(4));
        {
            auto lease = co_await of_broken.acquire(in(1min));
            s3::http_response answer;
            auto ended = co_await lease->connection().exchange(request, answer, {});
            EXPECT_FALSE(ended);
        }
        EXPECT_EQ(of_broken.open(), 0U);
        auto refused = co_await of_broken.acquire(in(1min));
        EXPECT_FALSE(refused);
        if (!refused) EXPECT_EQ(refused.error().about, io::subject::store);
        EXPECT_EQ(of_broken.leased(), 0U) << "a connection that was refused gives its place back";
    };
    world.run(all());
}

}  // namespace
