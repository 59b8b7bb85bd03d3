// Who may still ship, and who is dead, without a common clock.
#include "engine/lease_state.h"

#include <gtest/gtest.h>

namespace {

using namespace std::chrono_literals;
using life = engine::neighbour::life;

constexpr io::duration lease = 60s;

// Both clocks, `after` a start; the wall clock may have moved by another amount.
engine::moment at(io::duration after) { return {io::instant(after), 1'700'000'000'000 + std::chrono::duration_cast<std::chrono::milliseconds>(after).count()}; }
engine::moment at(io::duration mono, io::duration wall) { return {io::instant(mono), at(wall).wall_ms}; }

TEST(lease_state, A10_who_never_showed_himself_looks_before_every_put) {
    const engine::lease_state state(lease);
    EXPECT_TRUE(state.must_look(at(1s), io::instant(1s)));
}

TEST(lease_state, who_shows_himself_within_the_lease_does_not_look) {
    engine::lease_state state(lease);
    state.on_beat(at(0s), at(1s));
    const io::instant looked(1s);
    for (int i = 1; i < 20; ++i) {
        state.on_beat(at(i * 20s), at(i * 20s + 1s));
        EXPECT_FALSE(state.must_look(at(i * 20s + 19s), looked)) << i;
    }
}

TEST(lease_state, A10_a_lease_without_a_confirmed_beat_makes_every_stream_look_once) {
    engine::lease_state state(lease);
    state.on_beat(at(0s), at(1s));
    EXPECT_FALSE(state.must_look(at(60s), io::instant(1s)));
    EXPECT_TRUE(state.must_look(at(61s), io::instant(1s))) << "frozen, or the store was down";
    state.on_beat(at(61s), at(62s));
    EXPECT_TRUE(state.must_look(at(63s), io::instant(1s))) << "what happened in the gap is not known of this stream";
    EXPECT_TRUE(state.must_look(at(63s), io::instant(61s))) << "it looked before the gap had ended";
    EXPECT_FALSE(state.must_look(at(63s), io::instant(62s)));
}

// The lease runs from when the beat was sent: another host may have seen it at once.
TEST(lease_state, A10_a_beat_counts_from_when_it_was_begun) {
    engine::lease_state state(lease);
    state.on_beat(at(0s), at(50s));
    EXPECT_TRUE(state.must_look(at(61s), io::instant(50s)));
    state.on_beat(at(50s), at(70s));
    EXPECT_TRUE(state.must_look(at(71s), io::instant(51s))) << "confirmed 70 s after the one before was begun";
}

// A machine that was suspended or paused: one of its clocks stood still.
TEST(lease_state, A10_a_gap_that_only_one_clock_shows_is_a_gap) {
    engine::lease_state state(lease);
    state.on_beat(at(0s), at(1s));
    EXPECT_TRUE(state.must_look(at(2s, 3600s), io::instant(1s)));
    EXPECT_TRUE(state.must_look(at(3600s, 2s), io::instant(1s)));
    EXPECT_FALSE(state.must_look(at(2s, -3600s), io::instant(1s))) << "set back by an operator";
}

TEST(lease_state, A10_who_is_told_to_look_looks) {
    engine::lease_state state(lease);
    state.on_beat(at(0s), at(1s));
    state.on_told(io::instant(10s));
    EXPECT_TRUE(state.must_look(at(11s), io::instant(9s)));
    EXPECT_FALSE(state.must_look(at(11s), io::instant(10s)));
}

engine::host_beat number(std::uint64_t n) {
    engine::host_beat out;
    out.beat = n;
    return out;
}

TEST(neighbour, is_dead_after_a_whole_lease_without_a_change) {
    engine::neighbour host;
    EXPECT_EQ(host.judge(lease), life::unknown);
    host.on_seen(io::instant(0s), io::instant(2s), number(1));
    EXPECT_EQ(host.judge(lease), life::unknown);
    host.on_seen(io::instant(61s), io::instant(61s), number(1));
    EXPECT_EQ(host.judge(lease), life::unknown) << "the lease begins when the first answer had come";
    host.on_seen(io::instant(62s), io::instant(63s), number(1));
    EXPECT_EQ(host.judge(lease), life::dead);
    host.on_seen(io::instant(70s), io::instant(70s), number(2));
    EXPECT_EQ(host.judge(lease), life::alive) << "it is back";
}

TEST(neighbour, is_alive_as_soon_as_its_beat_changes) {
    engine::neighbour host;
    host.on_seen(io::instant(0s), io::instant(0s), number(1));
    host.on_seen(io::instant(5s), io::instant(5s), number(2));
    EXPECT_EQ(host.judge(lease), life::alive);
    host.on_seen(io::instant(65s), io::instant(65s), number(2));
    EXPECT_EQ(host.judge(lease), life::dead);
}

TEST(neighbour, without_any_beat_is_dead_after_a_lease_and_alive_when_one_appears) {
    engine::neighbour host;
    host.on_seen(io::instant(0s), io::instant(0s), std::nullopt);
    EXPECT_EQ(host.judge(lease), life::unknown);
    host.on_seen(io::instant(60s), io::instant(60s), std::nullopt);
    EXPECT_EQ(host.judge(lease), life::dead);
    host.on_seen(io::instant(61s), io::instant(61s), number(1));
    EXPECT_EQ(host.judge(lease), life::alive);
}

TEST(neighbour, that_said_its_last_beat_is_dead_at_once) {
    engine::neighbour host;
    auto last = number(7);
    last.ended = true;
    host.on_seen(io::instant(0s), io::instant(0s), last);
    EXPECT_EQ(host.judge(lease), life::dead);
}

}  // namespace
