#include "tests/sim/metered_store.h"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "tests/sim/store.h"

namespace {

using namespace std::chrono_literals;

TEST(metered_store, counts_the_objects_that_are_on_their_way_and_nothing_else) {
    sim::world all(1);
    sim::process& who = all.start(all.add_host("a"), "engine");
    sim::store_server server(all);
    std::vector<std::size_t> counts;
    sim::metered_store store(std::make_unique<sim::store>(server, who), [&](std::size_t now) { counts.push_back(now); });
    int ended = 0;
    const auto put = [&](std::string key) -> io::task<void> {
        EXPECT_TRUE((co_await store.put_if_absent(std::move(key), io::bytes(10), {})).has_value());
        ++ended;
    };
    const auto write = [&]() -> io::task<void> {
        auto writer = co_await store.open_writer("s/0009/a.ltx", {});
        EXPECT_TRUE((co_await (*writer)->write(io::bytes(10))).has_value());
        co_await io::sleep_for(who.time, 10s);
        EXPECT_TRUE((co_await (*writer)->commit()).has_value());
        ++ended;
    };
    for (const char* key : {"s/0000/a.ltx", "s/0000/b.ltx", "s/owner/a.json"}) boost::asio::co_spawn(who.env.on, put(key), boost::asio::detached);
    all.run([&] { return ended == 3; }, 1h);
    EXPECT_EQ(counts, (std::vector<std::size_t>{1, 2}));
    boost::asio::co_spawn(who.env.on, write(), boost::asio::detached);
    all.run(who, io::sleep_for(who.time, 5s), 1h);
    all.run(who, put("s/0000/c.ltx"), 1h);
    all.run([&] { return ended == 5; }, 1h);
    all.run(who, put("s/0000/d.ltx"), 1h);
    EXPECT_EQ(counts, (std::vector<std::size_t>{1, 2, 1, 2, 1}));
    EXPECT_EQ(server.objects.size(), 6U);
}

}  // namespace
