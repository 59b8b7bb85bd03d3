// How far a stream is durable, and what is remembered of its objects.
#include "engine/cache_manifest.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>

namespace {

using engine::object_name;
using engine::object_row;
using fate = engine::object_row::fate;

object_name capture(std::uint64_t min, std::uint64_t max) { return {engine::level_captures, {min, max}}; }
object_name capture(std::uint64_t txid) { return capture(txid, txid); }
object_name snapshot(std::uint64_t txid) { return {engine::level_snapshots, {1, txid}}; }

TEST(cache_manifest, F10_only_what_is_confirmed_moves_the_cursor) {
    engine::cache_manifest m;
    m.begin_at(4, {});
    EXPECT_EQ(m.cursor(), 4U);
    ASSERT_TRUE(m.on_begin(capture(5), 100).has_value());
    EXPECT_EQ(m.find(capture(5))->state, fate::pending);
    m.on_trouble(capture(5), "HTTP 503");
    EXPECT_EQ(m.cursor(), 4U);
    EXPECT_EQ(m.find(capture(5))->attempts, 1U);
    EXPECT_EQ(m.find(capture(5))->error, "HTTP 503");
    m.on_confirmed(capture(5), 200);
    EXPECT_EQ(m.cursor(), 5U);
    EXPECT_TRUE(m.rows().empty()) << "nothing needs it any more";
}

TEST(cache_manifest, F9_the_cursor_never_passes_a_hole_in_whatever_order_objects_are_confirmed) {
    engine::cache_manifest m;
    m.begin_at(10, {});
    m.on_confirmed(capture(12, 15), 0);
    m.on_confirmed(capture(17), 0);
    EXPECT_EQ(m.cursor(), 10U);
    m.on_confirmed(capture(11), 0);
    EXPECT_EQ(m.cursor(), 15U);
    m.on_confirmed(capture(14, 16), 0);
    EXPECT_EQ(m.cursor(), 17U);
    m.on_confirmed(capture(3), 0);
    m.on_confirmed(snapshot(40), 0);
    EXPECT_EQ(m.cursor(), 17U) << "a snapshot proves nothing of the captures before it";
}

TEST(cache_manifest, F9_is_what_a_set_of_single_txids_says) {
    std::mt19937_64 dice(20261124);
    for (int round = 0; round < 500; ++round) {
        engine::cache_manifest m;
        const std::uint64_t start = dice() % 5;
        m.begin_at(start, {});
        std::set<std::uint64_t> confirmed;
        std::uint64_t expected = start;
        for (int i = 0; i < 20; ++i) {
            const std::uint64_t min = 1 + dice() % 30;
            const std::uint64_t max = min + dice() % 4;
            m.on_confirmed(capture(min, max), 0);
            for (std::uint64_t txid = min; txid <= max; ++txid) confirmed.insert(txid);
            while (confirmed.contains(expected + 1)) ++expected;
            ASSERT_EQ(m.cursor(), expected) << "round " << round;
        }
    }
}

TEST(cache_manifest, A11_nothing_is_begun_around_an_object_that_was_refused) {
    engine::cache_manifest m;
    m.begin_at(4, {});
    ASSERT_TRUE(m.on_begin(capture(5), 100).has_value());
    m.on_refused(capture(5), "HTTP 403", 150);
    m.on_saved(capture(5), "cache/x", 77, 99);
    for (const auto& name : {capture(6), capture(4), capture(6, 9)}) {
        auto begun = m.on_begin(name, 200);
        ASSERT_FALSE(begun.has_value());
        EXPECT_EQ(begun.error().code, io::errc::gap);
        EXPECT_EQ(m.find(name), nullptr);
    }
    EXPECT_TRUE(m.on_begin(snapshot(4), 200).has_value());
    ASSERT_NE(m.hole(), nullptr);
    EXPECT_EQ(m.hole()->name, capture(5));
    ASSERT_TRUE(m.on_begin(capture(5), 300).has_value());
    EXPECT_EQ(m.hole()->state, fate::failed) << "as long as it is not confirmed";
    EXPECT_EQ(m.hole()->attempts, 1U);
    EXPECT_EQ(m.hole()->time_ms, 150);
    m.on_confirmed(capture(5), 400);
    EXPECT_EQ(m.hole(), nullptr);
    EXPECT_EQ(m.find(capture(5))->state, fate::uploaded) << "it has a local file";
    EXPECT_TRUE(m.on_begin(capture(6), 500).has_value());
}

TEST(cache_manifest, F9_what_was_refused_is_a_hole_after_a_restart_unless_the_store_has_it) {
    object_row failed;
    failed.name = capture(5);
    failed.state = fate::failed;
    failed.file = "cache/x";
    object_row without_file = failed;
    without_file.name = capture(3);
    without_file.file.clear();
    engine::cache_manifest m;
    m.begin_at(4, {failed, without_file});
    ASSERT_NE(m.hole(), nullptr);
    EXPECT_EQ(m.hole()->name, capture(5));
    EXPECT_EQ(m.rows().size(), 1U);
    m.begin_at(5, {failed, without_file});
    EXPECT_EQ(m.hole(), nullptr);
    EXPECT_TRUE(m.rows().empty());
}

}  // namespace
