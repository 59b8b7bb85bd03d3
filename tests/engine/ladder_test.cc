// What is done while the store is behind and the log grows.
#include "engine/ladder.h"

#include <gtest/gtest.h>

namespace {

using namespace std::chrono_literals;
using step = engine::ladder::step;
using what = engine::event::what;

const io::instant t0 = io::instant(1h);

class ladder : public testing::Test {
protected:
    engine::ladder on{[] {
        engine::stream_options out;
        out.checkpoint_bytes = 1000;
        out.wal_limit = 10'000;
        return out;
    }()};

    // A look that nothing was written during.
    static std::optional<engine::ladder::news> look(engine::ladder& at, io::instant now, std::uint64_t bytes, bool snapshot_running) {
        at.on_look();
        return at.on_log(now, bytes, snapshot_running);
    }
    static void expect(const std::optional<engine::ladder::news>& told, what kind) {
        ASSERT_TRUE(told.has_value());
        EXPECT_EQ(told->kind, kind) << told->text;
    }
};

TEST_F(ladder, nothing_is_looked_at_while_nothing_waits) {
    EXPECT_EQ(on.decide(t0), engine::ladder::next{});
    on.on_waiting(t0, false);
    on.on_waited();
    EXPECT_EQ(on.decide(t0 + 1h), engine::ladder::next{});
}

TEST_F(ladder, a_short_wait_costs_no_look_and_a_long_one_few) {
    on.on_waiting(t0, false);
    EXPECT_EQ(on.decide(t0), (engine::ladder::next{step::wait, t0 + 100ms}));
    EXPECT_EQ(on.decide(t0 + 100ms).what, step::look);
    EXPECT_FALSE(look(on, t0 + 100ms, 500, false).has_value());
    EXPECT_EQ(on.decide(t0 + 1h), engine::ladder::next{}) << "nobody wrote since";
    on.on_change();
    EXPECT_EQ(on.decide(t0 + 150ms).until, t0 + 200ms);
    EXPECT_EQ(on.decide(t0 + 200ms).what, step::look);
}

TEST_F(ladder, a_log_at_its_limit_is_spilled_and_that_is_told_once_until_all_is_durable) {
    on.on_waiting(t0, false);
    EXPECT_FALSE(look(on, t0 + 100ms, 9'999, false).has_value());
    EXPECT_EQ(on.decide(t0 + 100ms).what, step::wait);
    on.on_change();
    EXPECT_FALSE(look(on, t0 + 200ms, 10'000, false).has_value());
    EXPECT_EQ(on.decide(t0 + 200ms).what, step::spill);
    expect(on.on_spilled(10'000, 100), what::spilled);
    EXPECT_EQ(on.decide(t0 + 200ms).what, step::wait);
    EXPECT_EQ(on.pressure(t0 + 200ms), "spilling");
    EXPECT_FALSE(look(on, t0 + 300ms, 12'000, false).has_value());
    EXPECT_EQ(on.decide(t0 + 300ms).what, step::spill);
    EXPECT_FALSE(on.on_spilled(12'000, 100).has_value());
    on.on_confirmed(true);
    EXPECT_EQ(on.pressure(t0 + 300ms), "spilling");
    on.on_confirmed(false);
    EXPECT_EQ(on.pressure(t0 + 300ms), "");
    EXPECT_FALSE(look(on, t0 + 400ms, 12'000, false).has_value());
    expect(on.on_spilled(12'000, 100), what::spilled);
}

TEST_F(ladder, checkpoint_bytes_beyond_the_limit_are_the_limit) {
    engine::stream_options settings;
    settings.checkpoint_bytes = 20'000;
    settings.wal_limit = 10'000;
    engine::ladder other(settings);
    other.on_waiting(t0, false);
    (void)look(other, t0 + 100ms, 19'999, false);
    EXPECT_EQ(other.decide(t0 + 100ms).what, step::wait);
    (void)look(other, t0 + 100ms, 20'000, false);
    EXPECT_EQ(other.decide(t0 + 100ms).what, step::spill);
}

TEST_F(ladder, a_reader_that_stays_in_the_way_is_told_and_tried_ever_more_patiently) {
    on.on_waiting(t0, false);
    (void)look(on, t0, 10'000, false);
    EXPECT_FALSE(on.on_refused(t0, "a reader").has_value());
    EXPECT_EQ(on.decide(t0), (engine::ladder::next{step::wait, t0 + 100ms}));
    EXPECT_EQ(on.decide(t0 + 100ms).what, step::spill);
    EXPECT_FALSE(on.on_refused(t0 + 100ms, "a reader").has_value());
    EXPECT_EQ(on.decide(t0 + 100ms).until, t0 + 300ms);
    expect(on.on_refused(t0 + 300ms, "a reader"), what::wal_over_limit);
    EXPECT_FALSE(on.on_refused(t0 + 700ms, "a reader").has_value());
    EXPECT_EQ(on.pressure(t0 + 700ms), "log over its limit");
    for (int i = 0; i < 100; ++i) (void)on.on_refused(t0, "a reader");
    EXPECT_EQ(on.decide(t0).until, t0 + 6400ms);
    expect(on.on_spilled(10'000, 100), what::recovered);
    EXPECT_EQ(on.pressure(t0), "spilling");
}

TEST_F(ladder, a_full_disk_is_told_once_and_looked_at_again_after_a_while_and_when_something_was_confirmed) {
    on.on_waiting(t0, false);
    (void)look(on, t0, 10'000, false);
    expect(on.on_disk_low(t0, "no room"), what::disk_low);
    EXPECT_EQ(on.pressure(t0), "disk limit");
    EXPECT_EQ(on.decide(t0 + 1s).until, t0 + 3s);
    EXPECT_EQ(on.decide(t0 + 3s).what, step::spill);
    EXPECT_FALSE(on.on_disk_low(t0 + 3s, "no room").has_value());
    EXPECT_EQ(on.decide(t0 + 4s).what, step::wait);
    on.on_confirmed(true);
    EXPECT_EQ(on.decide(t0 + 4s).what, step::spill);
    expect(on.on_spilled(10'000, 100), what::recovered);
    EXPECT_EQ(on.decide(t0 + 5s).what, step::wait);
}

TEST_F(ladder, what_was_over_the_limit_and_is_shipped_is_told_as_over) {
    on.on_waiting(t0, false);
    (void)look(on, t0, 10'000, false);
    expect(on.on_disk_low(t0, "no room"), what::disk_low);
    on.on_waited();
    EXPECT_FALSE(on.on_calm(100, false).has_value()) << "nothing says that there is room";
    EXPECT_FALSE(on.on_disk_low(t0, "no room").has_value()) << "the same episode";
    expect(on.on_calm(100, true), what::recovered);
    EXPECT_FALSE(on.on_calm(100, true).has_value());
    EXPECT_EQ(on.pressure(t0), "");
}

TEST_F(ladder, a_snapshot_keeps_the_log_unless_the_store_fails) {
    on.on_waiting(t0, false);
    expect(look(on, t0, 10'000, true), what::wal_over_limit);
    EXPECT_EQ(on.decide(t0).what, step::wait);
    on.on_trouble(true);
    on.on_change();
    EXPECT_EQ(on.decide(t0 + 100ms).what, step::look);
    EXPECT_FALSE(look(on, t0 + 100ms, 10'000, true).has_value());
    EXPECT_EQ(on.decide(t0 + 100ms).what, step::spill);
}

TEST_F(ladder, waiting_for_memory_shows_when_it_lasts) {
    on.on_waiting(t0, true);
    EXPECT_EQ(on.pressure(t0), "");
    EXPECT_EQ(on.pressure(t0 + 100ms), "waiting for memory");
    on.on_waited();
    EXPECT_EQ(on.pressure(t0 + 1h), "");
}

TEST_F(ladder, what_is_written_during_a_look_is_looked_at_next) {
    on.on_waiting(t0, false);
    on.on_look();
    on.on_change();
    EXPECT_FALSE(on.on_log(t0 + 100ms, 500, false).has_value());
    EXPECT_EQ(on.decide(t0 + 200ms).what, step::look);
}

}  // namespace
