#include "tests/sim/fiber.h"

#include <gtest/gtest.h>

#include <array>
#include <exception>
#include <stdexcept>
#include <string>

namespace {

using sim::fiber;

TEST(fiber, goes_on_where_it_suspended_and_says_when_it_has_ended) {
    std::string steps;
    fiber* const one = fiber::start([&] {
        for (const char each : {'a', 'b', 'c'}) {
            steps += each;
            fiber::suspend();
        }
    });
    ASSERT_NE(one, nullptr);
    EXPECT_EQ(fiber::self(), nullptr);
    steps += '1';
    EXPECT_TRUE(fiber::resume(one));
    steps += '2';
    EXPECT_TRUE(fiber::resume(one));
    EXPECT_FALSE(fiber::resume(one));
    EXPECT_EQ(steps, "a1b2c");
    EXPECT_EQ(fiber::start([&] { steps += 'd'; }), nullptr);
    EXPECT_EQ(steps, "a1b2cd");
}

TEST(fiber, one_that_starts_another_comes_back_to_itself) {
    std::string steps;
    fiber* outer = nullptr;
    fiber* inner = nullptr;
    outer = fiber::start([&] {
        inner = fiber::start([&] {
            EXPECT_NE(fiber::self(), outer);
            steps += "inner ";
            fiber::suspend();
            steps += "inner again ";
        });
        steps += "outer ";
        fiber::suspend();
        EXPECT_FALSE(fiber::resume(inner));
        EXPECT_EQ(fiber::self(), outer);
        steps += "outer again";
    });
    EXPECT_FALSE(fiber::resume(outer));
    EXPECT_EQ(steps, "inner outer inner again outer again");
}

// The list of exceptions that are being handled is the thread's, and a stack: two that suspend in a catch clause would end each other's.
TEST(fiber, each_has_the_exceptions_it_handles_to_itself) {
    std::array<std::string, 2> said;
    std::array<fiber*, 2> both{};
    for (std::size_t i = 0; i < 2; ++i) {
        both[i] = fiber::start([&said, i] {
            try {
                throw std::runtime_error("the long enough message of " + std::to_string(i));
            } catch (const std::exception& e) {
                fiber::suspend();
                said[i] = e.what();
                try {
                    throw;
                } catch (const std::exception& same) {
                    EXPECT_EQ(said[i], same.what());
                }
            }
        });
    }
    EXPECT_EQ(std::current_exception(), nullptr);
    EXPECT_FALSE(fiber::resume(both[0]));
    EXPECT_FALSE(fiber::resume(both[1]));
    EXPECT_EQ(said[0], "the long enough message of 0");
    EXPECT_EQ(said[1], "the long enough message of 1");
}

}  // namespace
