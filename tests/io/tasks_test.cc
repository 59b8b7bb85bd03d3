// wakeup, semaphore, task_group and offload: what runs when, on the real event loop.
#include <gtest/gtest.h>

#include <atomic>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "io/semaphore.h"
#include "io/task_group.h"
#include "io/wakeup.h"
#include "tests/support/real_environment.h"

namespace {

using namespace std::chrono_literals;

struct tasks : testing::Test {
    tests::real_environment real;
    io::clock& time = real.env.time;
    io::executor on = real.env.on;
    std::vector<std::string> said;

    // Lets everything else that can run do so.
    io::task<void> others() {
        for (int i = 0; i < 20; ++i) co_await boost::asio::post(on, boost::asio::use_awaitable);
    }
};

struct wakeup : tasks {
    io::wakeup bell{time, on};
};

TEST_F(wakeup, a_notification_before_the_wait_is_kept_once) {
    bell.notify();
    bell.notify();
    EXPECT_TRUE(real.run(bell.wait()));
    EXPECT_FALSE(real.run(bell.wait(time.now() + 1ms)));
}

TEST_F(wakeup, a_notification_ends_a_wait_without_limit) {
    const auto wait = [this]() -> io::task<void> {
        boost::asio::post(on, [this] { bell.notify(); });  // comes to its turn when this coroutine waits
        EXPECT_TRUE(co_await bell.wait());
    };
    real.run(wait());
}

TEST_F(wakeup, a_limit_in_the_past_only_looks) {
    EXPECT_FALSE(real.run(bell.wait(io::instant())));
    bell.notify();
    EXPECT_TRUE(real.run(bell.wait(io::instant())));
}

TEST_F(wakeup, a_limit_that_passes_takes_no_notification_with_it) {
    EXPECT_FALSE(real.run(bell.wait(time.now() + 1ms)));
    bell.notify();
    EXPECT_TRUE(real.run(bell.wait(time.now() + 1h)));
}

struct semaphore : tasks {
    io::semaphore units{time, on, 3};
    io::task_group group{time, on};

    io::task<void> job(std::string name, std::size_t count, io::wakeup& until) {
        auto permit = co_await units.acquire(count);
        said.push_back("+" + name);
        co_await until.wait();
        said.push_back("-" + name);
    }
};

TEST_F(semaphore, first_come_first_served_and_a_small_request_does_not_overtake_a_large_one) {
    io::wakeup a{time, on}, b{time, on}, c{time, on}, d{time, on};
    group.spawn(job("a", 2, a));
    group.spawn(job("b", 3, b));
    group.spawn(job("c", 1, c));  // would fit beside a, but b is first
    group.spawn(job("d", 1, d));
    const auto script = [&]() -> io::task<void> {
        co_await others();
        EXPECT_EQ(said, (std::vector<std::string>{"+a"}));
        a.notify();
        co_await others();
        EXPECT_EQ(said, (std::vector<std::string>{"+a", "-a", "+b"}));
        b.notify();
        co_await others();
        EXPECT_EQ(said, (std::vector<std::string>{"+a", "-a", "+b", "-b", "+c", "+d"}));
        EXPECT_EQ(units.available(), 1U);
        c.notify();
        d.notify();
        co_await group.join();
    };
    real.run(script());
    EXPECT_EQ(units.available(), 3U);
}

TEST_F(semaphore, an_oversized_request_runs_alone_instead_of_never) {
    io::wakeup a{time, on}, big{time, on}, c{time, on};
    group.spawn(job("a", 1, a));
    group.spawn(job("big", 1000, big));
    group.spawn(job("c", 1, c));
    const auto script = [&]() -> io::task<void> {
        co_await others();
        EXPECT_EQ(said, (std::vector<std::string>{"+a"}));
        a.notify();
        co_await others();
        EXPECT_EQ(said.back(), "+big");
        EXPECT_EQ(units.available(), 0U);
        big.notify();
        co_await others();
        EXPECT_EQ(said.back(), "+c");
        c.notify();
        co_await group.join();
    };
    real.run(script());
    EXPECT_EQ(units.available(), 3U);
}

TEST_F(semaphore, a_place_that_is_left_is_given_to_the_next_one_whether_it_had_its_turn_or_not) {
    const auto nobody = [] {};
    {
        auto holds = units.queue(2, nobody);
        auto waits = std::make_unique<io::semaphore::place>(units.queue(3, nobody));
        auto behind = units.queue(1, nobody);
        EXPECT_TRUE(holds.granted());
        EXPECT_FALSE(waits->granted());
        EXPECT_FALSE(behind.granted()) << "before its turn";
        waits.reset();
        EXPECT_TRUE(behind.granted());
        EXPECT_EQ(units.available(), 0U);
    }
    EXPECT_EQ(units.available(), 3U) << "nobody took what he was given";
}

TEST_F(semaphore, a_moved_permit_is_given_back_once) {
    const auto script = [&]() -> io::task<void> {
        auto first = co_await units.acquire(2);
        io::semaphore::permit second = std::move(first);
        EXPECT_EQ(units.available(), 1U);
        {
            io::semaphore::permit third;
            third = std::move(second);
            EXPECT_EQ(units.available(), 1U);
        }
        EXPECT_EQ(units.available(), 3U);
    };
    real.run(script());
    EXPECT_EQ(units.available(), 3U);
}

struct task_group : tasks {
    io::task<void> say_after(std::string word, int turns) {
        for (int i = 0; i < turns; ++i) co_await boost::asio::post(on, boost::asio::use_awaitable);
        said.push_back(std::move(word));
    }
    io::task<void> throw_after(std::string word, int turns) {
        co_await say_after(word, turns);
        throw std::runtime_error(word);
    }
};

TEST_F(task_group, join_waits_for_every_child_and_for_those_spawned_meanwhile) {
    io::task_group group{time, on};
    const auto parent = [&]() -> io::task<void> {
        co_await others();
        group.spawn(say_after("grandchild", 50));
    };
    group.spawn(parent());
    group.spawn(say_after("child", 3));
    EXPECT_EQ(group.size(), 2U);
    real.run(group.join());
    EXPECT_EQ(said, (std::vector<std::string>{"child", "grandchild"}));
    EXPECT_EQ(group.size(), 0U);
    real.run(group.join());  // of nothing: at once
}

TEST_F(task_group, join_rethrows_the_first_exception_after_all_have_ended) {
    io::task_group group{time, on};
    group.spawn(throw_after("second", 9));
    group.spawn(throw_after("first", 2));
    group.spawn(say_after("last", 40));
    try {
        real.run(group.join());
        FAIL() << "no exception";
    } catch (const std::runtime_error& e) {
        EXPECT_STREQ(e.what(), "first");
    }
    EXPECT_EQ(said, (std::vector<std::string>{"first", "second", "last"}));
    real.run(group.join());  // told once
}

TEST_F(task_group, ending_with_a_child_running_aborts) {
    testing::FLAGS_gtest_death_test_style = "threadsafe";
    const auto abandon = [this] {
        io::task_group group{time, on};
        group.spawn(say_after("late", 1000));
    };
    EXPECT_EXIT(abandon(), testing::KilledBySignal(SIGABRT), "");
}

struct offload : tasks {};

TEST_F(offload, work_runs_elsewhere_and_its_value_comes_back_here) {
    const std::thread::id loop = std::this_thread::get_id();
    const auto script = [&]() -> io::task<void> {
        const auto elsewhere_id = [] { return std::this_thread::get_id(); };
        const std::thread::id ran_on = co_await real.env.elsewhere(elsewhere_id);
        EXPECT_NE(ran_on, loop);
        EXPECT_EQ(std::this_thread::get_id(), loop);
        const auto unique = [] { return std::make_unique<int>(7); };
        const std::unique_ptr<int> value = co_await real.env.elsewhere(unique);
        EXPECT_EQ(*value, 7);
        bool ran = false;
        const auto nothing = [&ran] { ran = true; };
        co_await real.env.elsewhere(nothing);
        EXPECT_TRUE(ran);
    };
    real.run(script());
}

TEST_F(offload, an_exception_comes_back_to_the_caller) {
    const auto broken = []() -> int { throw std::runtime_error("broken"); };
    const auto broken_void = [] { throw std::runtime_error("broken too"); };
    EXPECT_THROW(real.run(real.env.elsewhere(broken)), std::runtime_error);
    EXPECT_THROW(real.run(real.env.elsewhere(broken_void)), std::runtime_error);
    const auto sound = [] { return 1; };
    EXPECT_EQ(real.run(real.env.elsewhere(sound)), 1);
}

TEST_F(offload, the_event_loop_goes_on_while_work_blocks) {
    std::mutex lock;
    std::condition_variable changed;
    bool released = false;
    io::task_group group{time, on};
    const auto block = [&] {
        std::unique_lock guard(lock);
        changed.wait(guard, [&] { return released; });
    };
    const auto blocked = [&]() -> io::task<void> { co_await real.env.elsewhere(block); };
    const auto release = [&]() -> io::task<void> {
        co_await others();
        const std::lock_guard guard(lock);
        released = true;
        changed.notify_all();
    };
    group.spawn(blocked());
    group.spawn(release());
    real.run(group.join());
}

TEST_F(offload, no_more_at_once_than_the_pool_has_threads) {
    std::atomic<int> now = 0, most = 0;
    io::task_group group{time, on};
    const auto job = [&] {
        const int running = ++now;
        int seen = most;
        while (running > seen && !most.compare_exchange_weak(seen, running)) {}
        for (int i = 0; i < 100; ++i) std::this_thread::yield();
        --now;
    };
    const auto one = [&]() -> io::task<void> { co_await real.env.elsewhere(job); };
    for (int i = 0; i < 200; ++i) group.spawn(one());
    real.run(group.join());
    EXPECT_LE(most, 2);
    EXPECT_EQ(now, 0);
}

}  // namespace
