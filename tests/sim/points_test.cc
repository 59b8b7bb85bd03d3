// Named points: the same in every run of a seed, and a process that dies at one does nothing more.
#include "tests/sim/points.h"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>

#include "io/failpoint.h"
#include "tests/sim/store.h"

namespace {

using namespace std::chrono_literals;

std::string answers(std::uint64_t seed) {
    sim::world all(seed);
    sim::points points(all);
    points.firing = true;
    std::string out;
    for (int i = 0; i < 30; ++i) {
        for (const char* name : {"a", "b", "c", "d", "e", "f", "g", "h"}) out += io::buggify(name) ? name : ".";
    }
    return out;
}

TEST(points, a_seed_says_which_points_fire_and_how_often) {
    EXPECT_EQ(answers(3), answers(3));
    EXPECT_NE(answers(3), answers(4));
    EXPECT_NE(answers(3).find_first_not_of('.'), std::string::npos);
}

TEST(points, none_fires_unless_it_is_asked_for) {
    sim::world all(3);
    sim::points points(all);
    for (int i = 0; i < 1000; ++i) EXPECT_FALSE(io::buggify("a"));
}

TEST(points, what_is_reached_is_kept_by_name) {
    sim::world all(3);
    sim::points points(all);
    io::reached("somewhere");
    EXPECT_EQ(points.marks(), std::set<std::string>{"somewhere"});
}

TEST(points, a_blocking_body_dies_at_the_point) {
    sim::world all(3);
    sim::points points(all);
    sim::process& one = all.start(all.add_host("a"), "one");
    bool dead = false;
    bool went_on = false;
    points.on_death = [&](const sim::process&) { dead = true; };
    points.doom(one.id);
    all.bodies.start(one.id, [&] {
        while (all.loop.now() < io::instant(10s)) {
            all.bodies.sleep(100ms);
            io::failpoint("here");
            went_on = went_on || !all.loop.is_alive(one.id);
        }
    });
    all.run([&] { return dead; }, 10s);
    EXPECT_FALSE(all.loop.is_alive(one.id));
    EXPECT_FALSE(went_on);
    EXPECT_TRUE(points.marks().contains("died at here"));
}

TEST(points, a_coroutine_that_dies_at_a_point_reaches_the_store_no_more) {
    sim::world all(3);
    sim::points points(all);
    sim::process& one = all.start(all.add_host("a"), "one");
    sim::store_server server(all);
    sim::store client(server, one);
    bool dead = false;
    points.on_death = [&](const sim::process&) { dead = true; };
    points.doom(one.id);
    std::uint64_t before = 0;
    const auto work = [&]() -> io::task<void> {
        for (int i = 0;; ++i) {
            co_await io::sleep_for(one.time, 100ms);
            io::failpoint("here");
            if (all.loop.is_alive(one.id)) ++before;
            (void)co_await client.put_if_absent(fmt::format("key{}", i), io::bytes{1}, {});
        }
    };
    boost::asio::co_spawn(one.env.on, work(), [](std::exception_ptr) {});
    all.run([&] { return dead; }, 20s);
    all.loop.at(all.loop.now() + 10s, sim::the_world, [] {});
    while (all.loop.step()) {}
    EXPECT_EQ(server.objects.size(), before);
}

TEST(points, an_engine_dies_at_the_point_that_was_named_and_at_no_other_once) {
    sim::world all(3);
    sim::points points(all);
    sim::host& on = all.add_host("a");
    std::vector<std::string> dead;
    points.on_death = [&](const sim::process& one) { dead.push_back(one.name); };
    points.doom_at("there");
    std::uint64_t ended = 0;
    for (const char* name : {"application", "engine", "engine"}) {
        sim::process& one = all.start(on, name);
        all.bodies.start(one.id, [&] {
            for (const char* point : {"here", "there", "and beyond"}) io::failpoint(point);
            ++ended;
        });
    }
    all.run([&] { return ended + dead.size() == 3; }, 10s);
    EXPECT_EQ(dead, std::vector<std::string>{"engine"});
    EXPECT_EQ(points.marks(), std::set<std::string>{"died at there"});
}

TEST(points, a_promise_that_is_broken_fails_the_run) {
    sim::world all(3);
    sim::points points(all);
    io::must(true, "water is wet");
    io::must(false, "water is dry");
    EXPECT_THROW(all.run([] { return false; }, 1s), sim::failure);
}

}  // namespace
