#include "tests/sim/scheduler.h"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <optional>
#include <stdexcept>
#include <string>

#include "io/semaphore.h"
#include "io/task_group.h"
#include "tests/sim/clock.h"
#include "tests/sim/threads.h"

namespace {

using namespace std::chrono_literals;

struct loop {
    explicit loop(std::uint64_t seed) : on(seed, history), who(on.add_process()), time(on, who, clocks), bodies(on), pool(on, bodies, who, 2, sim::prng(seed, "pool")) {}

    void spawn(io::task<void> work) {
        boost::asio::co_spawn(on.executor_of(who), std::move(work), [](std::exception_ptr failure) {
            if (failure) std::rethrow_exception(failure);
        });
    }
    void run() { while (on.step()) {} }
    std::int64_t ms() const { return on.now().time_since_epoch().count() / 1'000'000; }

    sim::trace history;
    sim::scheduler on;
    sim::process_id who;
    sim::host_clocks clocks;
    sim::clock time;
    sim::threads bodies;
    sim::offload pool;
};

struct crowd {
    int now = 0;
    int most = 0;
    int ended = 0;
    std::string order;
};

io::task<void> worker(loop& in, io::semaphore& permits, crowd& all, int number) {
    const auto mine = co_await permits.acquire();
    all.most = std::max(all.most, ++all.now);
    co_await io::sleep_for(in.time, 10ms);
    all.order += static_cast<char>('A' + number);
    --all.now;
    ++all.ended;
    if (number == 7) throw std::runtime_error("worker 7");
}

io::task<void> group_of_workers(loop& in, crowd& all, std::string& failure) {
    io::semaphore permits(in.time, in.on.executor_of(in.who), 3);
    io::task_group group(in.time, in.on.executor_of(in.who));
    for (int i = 0; i < 20; ++i) group.spawn(worker(in, permits, all, i));
    try {
        co_await group.join();
    } catch (const std::runtime_error& e) {
        failure = e.what();
    }
    EXPECT_EQ(permits.available(), 3U);
}

std::uint64_t history_of(std::uint64_t seed, std::string& order) {
    loop in(seed);
    crowd all;
    std::string failure;
    in.spawn(group_of_workers(in, all, failure));
    in.run();
    EXPECT_EQ(all.most, 3);
    EXPECT_EQ(all.ended, 20);
    EXPECT_EQ(failure, "worker 7");
    order = all.order;
    return in.history.hash();
}

TEST(scheduler, one_seed_is_one_history) {
    std::string first, again, other;
    const auto hash = history_of(1, first);
    EXPECT_EQ(history_of(1, again), hash);
    EXPECT_EQ(again, first);
    EXPECT_NE(history_of(2, other), hash);
    EXPECT_NE(other, first);
}

// The same on every machine, compiler and build: whoever changes this number changes what every seed in regressions.txt means.
TEST(scheduler, the_history_of_a_seed_is_the_same_everywhere) {
    std::string order;
    EXPECT_EQ(history_of(42, order), 14831761808495003159ULL);
}

TEST(scheduler, time_passes_only_when_nothing_is_ready) {
    loop in(1);
    bool early = false, late = false;
    in.on.at(io::instant(5ms), in.who, [&] { late = early; });
    in.on.post(in.who, [&] {
        EXPECT_EQ(in.ms(), 0);
        early = true;
    });
    in.run();
    EXPECT_TRUE(late);
    EXPECT_EQ(in.ms(), 5);
    EXPECT_EQ(in.time.wall_ms(), sim::host_clocks::begin_ms + 5);
}

TEST(scheduler, who_waits_for_ever_does_not_keep_the_world_going) {
    loop in(1);
    io::wakeup bell(in.time, in.on.executor_of(in.who));
    bool woken = false;
    const auto wait = [&]() -> io::task<void> { woken = co_await bell.wait(); };
    in.spawn(wait());
    in.run();  // a deadlock: nothing is ready, no timer will ever be
    EXPECT_FALSE(woken);
    bell.notify();
    in.run();
    EXPECT_TRUE(woken);
}

TEST(scheduler, steps_without_time_are_a_loop) {
    loop in(1);
    in.on.most_steps_an_instant = 1000;
    std::function<void()> again = [&] { in.on.post(in.who, [&] { again(); }); };
    again();
    EXPECT_THROW(in.run(), std::runtime_error);
}

TEST(scheduler, a_frozen_process_goes_on_when_thawed_and_a_killed_one_never) {
    loop in(1);
    int ticks = 0;
    const auto tick = [&]() -> io::task<void> {
        while (ticks < 100) {
            co_await io::sleep_for(in.time, 1s);
            ++ticks;
        }
    };
    in.spawn(tick());
    in.on.at(io::instant(10'500ms), sim::the_world, [&] { in.on.freeze(in.who); });
    in.on.at(io::instant(60s), sim::the_world, [&] {
        EXPECT_EQ(ticks, 10);
        in.on.thaw(in.who);
    });
    in.on.at(io::instant(70'500ms), sim::the_world, [&] { in.on.kill(in.who); });
    in.run();
    EXPECT_EQ(ticks, 21);
    in.on.post(in.who, [&] { ++ticks; });
    in.run();
    EXPECT_EQ(ticks, 21);
}

TEST(threads, blocking_code_gives_way_where_it_sleeps) {
    loop in(1);
    std::string said;
    in.bodies.start(in.who, [&] {
        for (int i = 0; i < 3; ++i) {
            said += 'a';
            in.bodies.sleep(2ms);
        }
    });
    in.bodies.start(in.who, [&] {
        in.bodies.sleep(1ms);
        for (int i = 0; i < 3; ++i) {
            said += 'b';
            in.bodies.sleep(2ms);
        }
    });
    in.run();
    EXPECT_EQ(said, "ababab");
}

TEST(threads, what_a_body_throws_ends_the_run) {
    loop in(1);
    in.bodies.start(in.who, [] { throw std::runtime_error("found"); });
    EXPECT_THROW(in.run(), std::runtime_error);
}

TEST(threads, a_killed_process_leaves_its_blocking_code_where_it_was) {
    loop in(1);
    bool unwound = false;
    struct witness {
        bool& seen;
        ~witness() { seen = true; }
    };
    in.bodies.start(in.who, [&] {
        const auto text = std::make_unique<std::string>(1000, 'x');
        const witness here{unwound};
        in.bodies.sleep(1h);
    });
    in.on.at(io::instant(1s), sim::the_world, [&] { in.on.kill(in.who); });
    in.run();
    EXPECT_FALSE(unwound);
    EXPECT_EQ(in.ms(), 1000);
}

TEST(threads, the_pool_runs_two_at_once_and_gives_back_values_and_exceptions) {
    loop in(3);
    int running = 0, most = 0, sum = 0;
    const auto job = [&](int value) -> io::task<void> {
        const auto work = [&] {
            most = std::max(most, ++running);
            in.bodies.sleep(5ms);
            --running;
            if (value == 3) throw std::runtime_error("three");
            return value;
        };
        int got = 100;
        try {
            got = co_await in.pool(work);
        } catch (const std::runtime_error&) {
        }
        sum += got;
    };
    for (int i = 0; i < 6; ++i) in.spawn(job(i));
    in.run();
    EXPECT_EQ(most, 2);
    EXPECT_EQ(sum, 0 + 1 + 2 + 100 + 4 + 5);
}

io::task<void> bounce(loop& in, int& left) {
    const auto on = in.on.executor_of(in.who);
    while (left > 0) {
        --left;
        co_await boost::asio::post(on, boost::asio::use_awaitable);
        if (left % 8 == 0) co_await io::sleep_for(in.time, 1us);
    }
}

// Not a test of speed, which a loaded machine would fail: it prints the figure.
TEST(scheduler, steps_a_second) {
    loop in(1);
    int left = 60'000;
    for (int i = 0; i < 50; ++i) in.spawn(bounce(in, left));
    const auto begun = std::chrono::steady_clock::now();
    in.run();
    const auto us = std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - begun).count();
    EXPECT_LE(left, 0);
    std::printf("%.2f million steps a second\n", static_cast<double>(in.on.steps()) / static_cast<double>(us));
}

}  // namespace
