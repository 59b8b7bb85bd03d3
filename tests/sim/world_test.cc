#include "tests/sim/world.h"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

namespace {

using namespace std::chrono_literals;

TEST(world, what_is_found_wrong_beneath_a_coroutine_that_nobody_asks_ends_the_run) {
    sim::world all(1);
    sim::process& who = all.start(all.add_host("a"), "engine");
    const auto find = [&]() -> io::task<void> {
        co_await io::sleep_for(who.time, 1s);
        all.fail("it is broken");
    };
    boost::asio::co_spawn(who.env.on, find(), boost::asio::detached);
    bool later = false;
    all.loop.at(all.loop.now() + 1min, sim::the_world, [&] { later = true; });
    EXPECT_THROW(all.run([&] { return later; }, 1h), sim::failure);
    EXPECT_FALSE(later);
}

}  // namespace
