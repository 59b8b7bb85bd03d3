#include "tests/sim/clock.h"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "tests/sim/world.h"

namespace {

using namespace std::chrono_literals;

// Two hosts, with a process on each; the clocks of `other` are true.
struct pair {
    void until(io::duration world) {
        all.loop.at(io::instant(world), sim::the_world, [] {});
        all.run([&] { return all.loop.now() >= io::instant(world); }, 24h);
    }
    io::duration world() const { return all.loop.now().time_since_epoch(); }

    sim::world all{1};
    sim::host &machine = all.add_host("a"), &other = all.add_host("b");
    sim::process &who = all.start(machine, "app"), &true_one = all.start(other, "app");
};

// When a timer of that process, set for that time of its own clock, fires, by the world's clock.
void set_timer(sim::process& who, const sim::world& all, io::duration own, io::duration& fired) {
    const auto wait = [](sim::process& its, const sim::world& in, io::duration when, io::duration& out) -> io::task<void> {
        const auto timer = its.time.make_timer(its.env.on);
        co_await timer->wait_until(io::instant(when));
        out = in.loop.now().time_since_epoch();
    };
    boost::asio::co_spawn(who.env.on, wait(who, all, own, fired), boost::asio::detached);
}

TEST(clock, both_clocks_of_a_host_run_at_its_own_rate) {
    pair p;
    p.machine.clocks.drift_ppm = 250;
    p.until(1000s);
    EXPECT_EQ(p.who.time.now(), io::instant(1000s + 250ms));
    EXPECT_EQ(p.who.time.wall_ms(), sim::host_clocks::begin_ms + 1'000'250);
    p.machine.clocks.drift_ppm = -30'000;
    EXPECT_EQ(p.who.time.now(), io::instant(970s));
    EXPECT_EQ(p.who.time.wall_ms(), sim::host_clocks::begin_ms + 970'000);
    EXPECT_EQ(p.true_one.time.now(), io::instant(1000s));
    EXPECT_EQ(p.true_one.time.wall_ms(), sim::host_clocks::begin_ms + 1'000'000);
}

TEST(clock, a_time_has_come_at_the_first_instant_at_which_the_clock_says_so) {
    for (const std::int64_t ppm : {-900'000, -30'000, -1, 0, 1, 77, 30'000, 1'000'000}) {
        for (const io::duration slept : {io::duration(0), io::duration(5s + 3ns)}) {
            sim::host_clocks clocks;
            clocks.drift_ppm = ppm;
            clocks.slept = slept;
            for (const io::duration own : {1ns, 999'999ns, 1'000'001ns, io::duration(10s + 7ns), io::duration(3h)}) {
                const io::instant when = clocks.when(io::instant(own));
                EXPECT_GE(clocks.monotonic(when), io::instant(own)) << ppm;
                EXPECT_LT(clocks.monotonic(when - 1ns), io::instant(own)) << ppm;
            }
        }
    }
    EXPECT_EQ(sim::host_clocks().when(io::instant::max()), io::instant::max());
}

TEST(clock, timers_fire_by_the_clock_of_their_host) {
    pair p;
    p.machine.clocks.drift_ppm = -500'000;
    io::duration slow{}, straight{};
    set_timer(p.who, p.all, 10s, slow);
    set_timer(p.true_one, p.all, 10s, straight);
    p.until(60s);
    EXPECT_EQ(slow, 20s);
    EXPECT_EQ(straight, 10s);
}

TEST(clock, a_step_moves_the_wall_clock_and_nothing_else) {
    pair p;
    io::duration fired{};
    set_timer(p.who, p.all, 20s, fired);
    p.until(10s);
    p.machine.clocks.offset_ms = -3'600'000;
    EXPECT_EQ(p.who.time.wall_ms(), sim::host_clocks::begin_ms + 10'000 - 3'600'000);
    EXPECT_EQ(p.who.time.now(), io::instant(10s));
    EXPECT_EQ(p.true_one.time.wall_ms(), sim::host_clocks::begin_ms + 10'000);
    p.until(15s);
    p.machine.clocks.offset_ms = 86'400'000;
    EXPECT_EQ(p.who.time.wall_ms(), sim::host_clocks::begin_ms + 15'000 + 86'400'000);
    EXPECT_EQ(p.who.time.now(), io::instant(15s));
    EXPECT_EQ(fired, 0s);
    p.until(60s);
    EXPECT_EQ(fired, 20s);
}

TEST(clock, a_timer_of_a_host_that_sleeps_fires_after_it_wakes_up) {
    pair p;
    io::duration fired{}, long_after{}, straight{};
    set_timer(p.who, p.all, 20s, fired);
    set_timer(p.who, p.all, 100s, long_after);
    set_timer(p.true_one, p.all, 20s, straight);
    p.until(15s);
    p.all.put_to_sleep(p.machine);
    p.until(60s);
    p.all.put_to_sleep(p.machine);  // it sleeps
    EXPECT_EQ(fired, 0s);
    EXPECT_EQ(straight, 20s);
    p.all.wake_up(p.machine);
    EXPECT_EQ(p.who.time.now(), io::instant(15s));
    EXPECT_EQ(p.who.time.wall_ms(), sim::host_clocks::begin_ms + 60'000) << "the wall clock goes on";
    p.until(62s);
    EXPECT_EQ(fired, 0s) << "there are 5 s of its time to go";
    p.until(70s);
    EXPECT_EQ(fired, 65s);
    p.all.put_to_sleep(p.machine);
    p.until(80s);
    p.all.wake_up(p.machine);
    p.until(300s);
    EXPECT_EQ(long_after, 100s + 45s + 10s) << "of both sleeps";
}

TEST(clock, a_host_that_sleeps_has_slept_by_its_own_clock) {
    pair p;
    p.machine.clocks.drift_ppm = 1'000'000;
    io::duration fired{};
    set_timer(p.who, p.all, 40s, fired);
    p.until(10s);
    p.all.put_to_sleep(p.machine);
    p.until(50s);
    p.all.wake_up(p.machine);
    EXPECT_EQ(p.who.time.now(), io::instant(20s));
    EXPECT_EQ(p.machine.clocks.slept, 80s);
    p.until(100s);
    EXPECT_EQ(fired, 60s);
}

TEST(clock, what_a_process_sees_of_its_monotonic_clock_never_goes_back) {
    pair p;
    p.machine.clocks.drift_ppm = -20'000;
    std::vector<io::instant> seen;
    const auto look = [&]() -> io::task<void> {
        while (p.world() < 190s) {
            seen.push_back(p.who.time.now());
            co_await io::sleep_for(p.who.time, 700ms);
        }
    };
    boost::asio::co_spawn(p.who.env.on, look(), boost::asio::detached);
    for (int round = 1; round <= 20; ++round) {
        p.until(10s * round);
        p.machine.clocks.offset_ms = round % 2 == 0 ? 5'000 : -5'000;
        p.all.put_to_sleep(p.machine);
        const std::size_t before = seen.size();
        p.until(10s * round + 4s);
        EXPECT_EQ(seen.size(), before) << "it sleeps";
        p.all.wake_up(p.machine);
    }
    EXPECT_GT(seen.size(), 100U);
    for (std::size_t i = 1; i < seen.size(); ++i) {
        EXPECT_GE(seen[i] - seen[i - 1], 700ms);
        EXPECT_LT(seen[i] - seen[i - 1], 701ms);
    }
}

TEST(clock, a_process_that_is_started_on_a_host_that_sleeps_begins_when_it_wakes_up) {
    pair p;
    p.until(10s);
    p.all.put_to_sleep(p.machine);
    sim::process& later = p.all.start(p.machine, "later");
    bool ran = false;
    p.all.loop.post(later.id, [&] { ran = true; });
    p.until(20s);
    EXPECT_FALSE(ran);
    p.all.wake_up(p.machine);
    p.until(21s);
    EXPECT_TRUE(ran);
}

}  // namespace
