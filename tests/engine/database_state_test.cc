// What the driver of one database does next.
#include "engine/database_state.h"

#include <gtest/gtest.h>

namespace {

using namespace std::chrono_literals;
using step = engine::database_state::step;

const io::instant t0 = io::instant(1h);

engine::stream_options settings() {
    engine::stream_options out;
    out.min_interval = 1s;
    out.snapshot_interval = 24h;
    out.checkpoint_bytes = 1000;
    return out;
}

TEST(database_state, frames_not_yet_published_are_looked_at_again_ever_more_patiently) {
    using engine::database_state;
    database_state state({});
    io::instant now{};
    state.on_capture();
    state.on_unpublished(now);
    io::duration last{};
    int looks = 0;
    while (const auto until = state.decide(now).until) {
        EXPECT_EQ(state.decide(now).what, database_state::step::wait);
        EXPECT_GT(*until - now, last);
        last = *until - now;
        now = *until;
        ASSERT_EQ(state.decide(now).what, database_state::step::capture);
        state.on_capture();
        state.on_unpublished(now);
        ++looks;
    }
    EXPECT_GT(looks, 10);
    EXPECT_LT(looks, 25) << "a rolled back transaction's frames may lie there for ever";
    state.on_change();
    state.on_capture();
    state.on_unpublished(now);
    EXPECT_EQ(state.decide(now).until, now + std::chrono::microseconds(100));
}

TEST(database_state, captures_at_once_and_then_at_the_interval) {
    engine::database_state s(settings());
    EXPECT_EQ(s.decide(t0).what, step::capture);
    s.on_capture();
    s.on_confirmed(t0, 100, false);
    EXPECT_EQ(s.decide(t0).what, step::wait);
    EXPECT_FALSE(s.decide(t0).until.has_value()) << "an idle database waits for events, not for time";
    s.on_change();
    EXPECT_EQ(s.decide(t0 + 400ms).what, step::wait);
    EXPECT_EQ(s.decide(t0 + 400ms).until, t0 + 1s);
    EXPECT_EQ(s.decide(t0 + 1s).what, step::capture);
}

TEST(database_state, a_change_during_the_upload_is_not_forgotten) {
    engine::database_state s(settings());
    s.on_capture();
    s.on_change();
    s.on_confirmed(t0, 100, false);
    EXPECT_EQ(s.decide(t0 + 1s).what, step::capture);
}

TEST(database_state, a_long_log_is_handed_off_only_when_everything_in_it_is_durable) {
    engine::database_state s(settings());
    s.on_capture();
    s.on_confirmed(t0, 1000, false);
    EXPECT_EQ(s.decide(t0).what, step::hand_off);
    s.on_handed_off(0);
    EXPECT_NE(s.decide(t0).what, step::hand_off);
}

TEST(database_state, A4_no_handoff_while_a_capture_stopped_at_its_limit) {
    engine::database_state s(settings());
    s.on_capture();
    s.on_confirmed(t0, 5000, true);
    EXPECT_EQ(s.decide(t0).what, step::capture);
}

TEST(database_state, a_log_whose_handoff_was_refused_is_caught_up_with_first_whatever_the_interval) {
    engine::database_state s(settings());
    s.on_capture();
    s.on_confirmed(t0, 1000, false);
    s.on_hand_off_refused(t0);
    s.on_change();
    EXPECT_EQ(s.decide(t0 + 20ms).what, step::capture);
    s.on_capture();
    s.on_confirmed(t0 + 25ms, 1100, false);
    EXPECT_EQ(s.decide(t0 + 25ms).what, step::hand_off);
}

TEST(database_state, a_writer_that_never_pauses_does_not_put_off_the_handoff) {
    engine::database_state s(settings());
    s.on_capture();
    s.on_change();  // while the object travelled
    s.on_confirmed(t0, 1000, false);
    s.on_change();
    EXPECT_EQ(s.decide(t0 + 1ms).what, step::hand_off);
}

TEST(database_state, a_refused_handoff_is_tried_ever_more_patiently) {
    engine::database_state s(settings());
    s.on_capture();
    s.on_confirmed(t0, 1000, false);
    s.on_hand_off_refused(t0);
    EXPECT_EQ(s.decide(t0).what, step::wait);
    EXPECT_EQ(s.decide(t0).until, t0 + 20ms);
    EXPECT_EQ(s.decide(t0 + 20ms).what, step::hand_off);
    s.on_hand_off_refused(t0 + 20ms);
    EXPECT_EQ(s.decide(t0 + 20ms).until, t0 + 60ms);
}

TEST(database_state, a_handoff_whose_tail_was_too_long_is_tried_again_right_after_the_next_capture) {
    engine::database_state s(settings());
    s.on_capture();
    s.on_confirmed(t0, 1000, false);
    EXPECT_EQ(s.decide(t0).what, step::hand_off);
    for (auto now = t0; now < t0 + 5ms; now += 1ms) {
        s.on_tail_too_long();
        EXPECT_EQ(s.decide(now).what, step::capture);
        s.on_capture();
        s.on_change();
        s.on_confirmed(now, 2000, false);
        EXPECT_EQ(s.decide(now).what, step::hand_off);
    }
}

TEST(database_state, stop_captures_once_more_and_finishes) {
    engine::database_state s(settings());
    s.on_capture();
    s.on_confirmed(t0, 5000, false);
    s.on_stop();
    EXPECT_EQ(s.decide(t0).what, step::capture) << "the interval does not hold up the last capture";
    s.on_capture();
    s.on_change();
    EXPECT_EQ(s.decide(t0).what, step::finish) << "what comes after stop() is not waited for";
}

TEST(database_state, stop_ships_all_of_a_log_that_is_longer_than_one_object) {
    engine::database_state s(settings());
    s.on_capture();
    s.on_stop();
    s.on_confirmed(t0, 5000, true);
    EXPECT_EQ(s.decide(t0).what, step::capture);
    s.on_capture();
    s.on_confirmed(t0, 9000, true);
    EXPECT_EQ(s.decide(t0).what, step::capture);
    s.on_capture();
    s.on_change();
    s.on_confirmed(t0, 9500, false);
    EXPECT_EQ(s.decide(t0).what, step::finish);
}

TEST(database_state, commits_of_the_last_run_call_for_a_snapshot_too) {
    engine::database_state s(settings());
    s.set_snapshot_age(t0, 25h, true);
    s.on_capture();
    s.on_nothing();
    EXPECT_EQ(s.decide(t0).what, step::snapshot);
}

TEST(database_state, stop_waits_for_a_running_snapshot) {
    engine::database_state s(settings());
    s.owe_snapshot();
    s.on_snapshot_started();
    s.on_stop();
    s.on_capture();
    EXPECT_EQ(s.decide(t0).what, step::wait);
    s.on_snapshot_done(t0, true);
    EXPECT_EQ(s.decide(t0).what, step::finish);
}

TEST(database_state, snapshots_come_at_their_interval_if_anything_was_committed) {
    engine::database_state s(settings());
    s.set_snapshot_age(t0, 23h, false);
    s.on_capture();
    EXPECT_EQ(s.decide(t0 + 48h).what, step::wait) << "nothing new: nothing to snapshot";
    s.on_confirmed(t0, 100, false);
    EXPECT_EQ(s.decide(t0).until, t0 + 1h);
    EXPECT_EQ(s.decide(t0 + 1h).what, step::snapshot);
    s.on_snapshot_started();
    EXPECT_NE(s.decide(t0 + 1h).what, step::snapshot);
    s.on_snapshot_done(t0 + 1h, true);
    EXPECT_EQ(s.decide(t0 + 48h).what, step::wait);
}

TEST(database_state, a_failed_snapshot_is_owed_again_later) {
    engine::database_state s(settings());
    s.on_capture();
    s.owe_snapshot();
    EXPECT_EQ(s.decide(t0).what, step::snapshot);
    s.on_snapshot_started();
    s.on_snapshot_done(t0, false);
    EXPECT_EQ(s.decide(t0).what, step::wait);
    EXPECT_EQ(s.decide(t0).until, t0 + 30s);
    EXPECT_EQ(s.decide(t0 + 30s).what, step::snapshot);
}

TEST(database_state, a_postponed_snapshot_stays_due_and_holds_nothing_up) {
    engine::database_state s(settings());
    s.on_capture();
    s.on_confirmed(t0, 1000, false);
    s.owe_snapshot();
    s.on_snapshot_postponed(t0 + 1s);
    EXPECT_EQ(s.decide(t0).what, step::hand_off) << "it does not keep the log from being restarted";
    s.on_handed_off(32);
    s.on_capture();
    EXPECT_EQ(s.decide(t0 + 1s).what, step::snapshot);
}

TEST(database_state, no_handoff_while_a_snapshot_reads_the_log) {
    engine::database_state s(settings());
    s.owe_snapshot();
    s.on_snapshot_started();
    s.on_capture();
    s.on_confirmed(t0, 5000, false);
    EXPECT_EQ(s.decide(t0).what, step::wait);
    s.on_snapshot_done(t0, true);
    EXPECT_EQ(s.decide(t0).what, step::hand_off);
}

}  // namespace
