#include "apps/event_lines.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "apps/line_limiter.h"
#include "tests/support/real_environment.h"
#include "tests/support/scripted_network.h"

namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using what = engine::event::what;

constexpr io::instant start{1h};

TEST(line_limiter, a_stream_has_so_many_lines_of_a_kind_in_a_window) {
    apps::line_limiter limiter({2, 60s});
    EXPECT_TRUE(limiter.admit("a", what::failing, start));
    EXPECT_TRUE(limiter.admit("a", what::failing, start + 1s));
    EXPECT_FALSE(limiter.admit("a", what::failing, start + 2s));
    EXPECT_FALSE(limiter.admit("a", what::failing, start + 3s));
    EXPECT_TRUE(limiter.admit("b", what::failing, start + 3s)) << "another stream";
    EXPECT_TRUE(limiter.admit("a", what::recovered, start + 3s)) << "another kind";
    EXPECT_EQ(limiter.next(), start + 60s);
    EXPECT_TRUE(limiter.expire(start + 59s).empty());
    const auto over = limiter.expire(start + 60s);
    ASSERT_EQ(over.size(), 1U);
    EXPECT_EQ(over[0].stream, "a");
    EXPECT_EQ(over[0].kind, what::failing);
    EXPECT_EQ(over[0].suppressed, 2U);
    EXPECT_TRUE(limiter.admit("a", what::failing, start + 60s)) << "a new window";
    EXPECT_TRUE(limiter.expire(start + 63s).empty()) << "nothing was held back in the others";
    EXPECT_EQ(limiter.size(), 1U) << "and they are forgotten";
    EXPECT_TRUE(limiter.drain().empty());
    EXPECT_EQ(limiter.size(), 0U);
    EXPECT_EQ(limiter.next(), std::nullopt);
}

class event_lines_test : public testing::Test {
protected:
    tests::real_environment world;
    tests::jumping_clock time;
    io::environment env{world.env.on, time, world.env.dice, world.env.files, world.env.elsewhere, world.env.journal, {}};
    apps::event_lines lines{env, false};
};

TEST_F(event_lines_test, every_kind_is_one_line_with_the_stream_in_it) {
    int n = 0;
    for (int kind = 0; apps::name(static_cast<what>(kind)) != "unknown"; ++kind) {
        lines.tell({static_cast<what>(kind), "app.db", 17, "because"});
        ++n;
        const auto all = world.journal.lines();
        ASSERT_EQ(all.size(), static_cast<std::size_t>(n)) << apps::name(static_cast<what>(kind));
        EXPECT_THAT(all.back(), testing::HasSubstr(" app.db: "));
    }
    EXPECT_EQ(n, 18);
    lines.tell({what::disk_low, "", 0, "5 MiB left in /state"});
    EXPECT_EQ(world.journal.lines().back(), "3 disk low: 5 MiB left in /state");
}

TEST_F(event_lines_test, a_stream_that_flaps_is_held_back_and_how_often_is_said_in_the_end) {
    for (int i = 0; i < 50; ++i) lines.tell({what::detached, "bad.db", 0, "gone"});
    lines.tell({what::detached, "good.db", 0, "gone"});
    for (int i = 0; i < 50; ++i) lines.tell({what::confirmed, "bad.db", 0, ""});
    auto all = world.journal.lines();
    EXPECT_EQ(std::count(all.begin(), all.end(), "2 bad.db: waiting: gone"), 10);
    EXPECT_EQ(std::count(all.begin(), all.end(), "2 good.db: waiting: gone"), 1);
    EXPECT_EQ(std::count(all.begin(), all.end(), "0 bad.db: TXID 0 is in the store"), 50) << "debug lines are for who asks for all";
    lines.stop();
    world.run(lines.run());
    EXPECT_EQ(world.journal.lines().back(), "2 bad.db: 40 more \"detached\" events in the last minute are not shown");
}

TEST_F(event_lines_test, how_much_was_held_back_is_said_when_the_minute_is_over) {
    for (int i = 0; i < 11; ++i) lines.tell({what::detached, "bad.db", 0, "gone"});
    time.advance(60s);
    lines.tell({what::attached, "good.db", 1, ""});
    const auto all = world.journal.lines();
    EXPECT_EQ(all.at(10), "2 bad.db: 1 more \"detached\" events in the last minute are not shown");
    EXPECT_EQ(all.at(11), "1 good.db: in step, at TXID 1");
}

}  // namespace
