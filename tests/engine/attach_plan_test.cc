// Every combination of memo, store, log and sums that can occur, and what a stream must do then.
#include "engine/attach_plan.h"

#include <gtest/gtest.h>

namespace {

using step = engine::attach_decision::step;

constexpr std::uint64_t our_epoch = 0x1111;
constexpr std::uint64_t other_epoch = 0x2222;

engine::attach_input in_step() {
    engine::attach_input in;
    engine::memo known;
    known.stream = "app.db";
    known.identity = {1, 100};
    known.epoch = our_epoch;
    known.txid = 7;
    known.page_size = 4096;
    known.page_count = 3;
    known.post = 2;
    in.remembered = known;
    ltx::header head;
    head.page_size = 4096;
    head.commit = 3;
    head.min_txid = head.max_txid = 7;
    head.node_id = our_epoch;
    head.sums = ltx::database_sums{1, 2};
    in.remote = {7, 1, 0, head};
    in.owner.is = engine::owner_view::holder::ours;
    in.owner.newest.epoch = our_epoch;
    in.log.position_holds = true;
    in.sums_txid = 7;
    in.identity = {1, 100};
    in.page_size = 4096;
    return in;
}

void move_head(engine::attach_input& in, std::uint64_t txid, std::uint64_t epoch) {
    in.remote.head_txid = txid;
    in.remote.head->min_txid = in.remote.head->max_txid = txid;
    in.remote.head->node_id = epoch;
}

TEST(attach_plan, goes_on_where_everything_agrees) {
    const auto out = engine::plan_attach(in_step());
    EXPECT_EQ(out.what, step::go_on);
    EXPECT_EQ(out.base_txid, 7U);
    EXPECT_FALSE(out.loud);
    EXPECT_FALSE(out.adopt);
    EXPECT_FALSE(out.snapshot);
    EXPECT_FALSE(out.claim);
    EXPECT_FALSE(out.fence);
    EXPECT_EQ(out.epoch, our_epoch);
}

TEST(attach_plan, nothing_known_and_nothing_stored_begins_quietly) {
    auto in = in_step();
    in.remembered.reset();
    in.remote = {};
    in.sums_txid = 0;
    const auto out = engine::plan_attach(in);
    EXPECT_EQ(out.what, step::begin);
    EXPECT_EQ(out.base_txid, 0U);
    EXPECT_FALSE(out.loud);
}

TEST(attach_plan, a_memo_without_a_confirmed_txid_is_no_memo) {
    auto in = in_step();
    in.remembered->txid = 0;
    in.remote = {};
    EXPECT_EQ(engine::plan_attach(in).what, step::begin);
    EXPECT_FALSE(engine::plan_attach(in).loud);
    auto foreign = in_step();
    foreign.remembered->txid = 0;
    move_head(foreign, 3, other_epoch);
    foreign.sums_txid = 0;
    EXPECT_EQ(engine::plan_attach(foreign).what, step::everything);
    EXPECT_EQ(engine::plan_attach(foreign).base_txid, 3U);
}

TEST(attach_plan, A3_a_generation_that_passed_unseen_is_loud_and_reanchored) {
    auto in = in_step();
    in.log.position_holds = false;
    auto out = engine::plan_attach(in);
    EXPECT_EQ(out.what, step::difference);
    EXPECT_EQ(out.base_txid, 7U);
    EXPECT_TRUE(out.loud);
    EXPECT_NE(out.why.find("restarted unseen"), std::string::npos);

    in.sums_txid = 0;
    out = engine::plan_attach(in);
    EXPECT_EQ(out.what, step::everything);
    EXPECT_TRUE(out.loud);
    EXPECT_TRUE(out.snapshot);
}

TEST(attach_plan, a_replaced_database_is_compared_even_if_its_log_looks_right) {
    auto in = in_step();
    in.identity = {1, 101};
    const auto out = engine::plan_attach(in);
    EXPECT_EQ(out.what, step::difference);
    EXPECT_TRUE(out.loud);
    EXPECT_NE(out.why.find("replaced"), std::string::npos);
}

TEST(attach_plan, a_reply_that_was_lost_is_adopted) {
    auto in = in_step();
    move_head(in, 8, our_epoch);
    in.sums_txid = 8;
    const auto out = engine::plan_attach(in);
    EXPECT_EQ(out.what, step::go_on);
    EXPECT_TRUE(out.adopt);
    EXPECT_EQ(out.base_txid, 8U);
}

TEST(attach_plan, B10_another_writers_head_is_refused) {
    for (const std::uint64_t head : {7U, 8U, 50U}) {
        auto in = in_step();
        move_head(in, head, other_epoch);
        const auto out = engine::plan_attach(in);
        EXPECT_EQ(out.what, step::refuse) << head;
        EXPECT_EQ(out.code, io::errc::overtaken) << head;
        EXPECT_NE(out.why.find("another writer"), std::string::npos);
    }
}

TEST(attach_plan, B10_another_writers_objects_where_ours_have_been_removed_are_refused_too) {
    auto in = in_step();
    move_head(in, 5, other_epoch);
    EXPECT_EQ(engine::plan_attach(in).code, io::errc::overtaken);
    EXPECT_EQ(engine::plan_attach(in).what, step::refuse);
}

TEST(attach_plan, B10_the_same_txid_with_another_content_is_refused_whoever_claims_it) {
    auto in = in_step();
    in.remote.head->sums->post = 3;
    const auto out = engine::plan_attach(in);
    EXPECT_EQ(out.what, step::refuse);
    EXPECT_EQ(out.code, io::errc::overtaken);
    EXPECT_NE(out.why.find("copy of this state directory"), std::string::npos);
}

TEST(attach_plan, B9_a_database_that_was_found_to_differ_is_compared_whatever_the_log_says) {
    auto in = in_step();
    in.log.doubt = "a snapshot found it to differ";
    const auto out = engine::plan_attach(in);
    EXPECT_EQ(out.what, step::difference);
    EXPECT_TRUE(out.loud);
    EXPECT_EQ(out.why, in.log.doubt);
}

TEST(attach_plan, a_lost_memo_ships_everything_above_the_head) {
    auto in = in_step();
    in.remembered.reset();
    in.sums_txid = 0;
    const auto out = engine::plan_attach(in);
    EXPECT_EQ(out.what, step::everything);
    EXPECT_EQ(out.base_txid, 7U);
    EXPECT_TRUE(out.loud);
    EXPECT_TRUE(out.snapshot);
}

TEST(attach_plan, objects_that_vanished_from_the_store_are_never_built_upon) {
    auto in = in_step();
    move_head(in, 5, our_epoch);
    auto out = engine::plan_attach(in);
    EXPECT_EQ(out.what, step::everything);
    EXPECT_EQ(out.base_txid, 7U) << "TXIDs are not used twice";
    EXPECT_TRUE(out.snapshot);
    EXPECT_TRUE(out.loud);

    in.remote = {};
    out = engine::plan_attach(in);
    EXPECT_EQ(out.what, step::begin);
    EXPECT_TRUE(out.loud);
}

TEST(attach_plan, B3_another_page_size_begins_anew_at_the_next_txid) {
    auto in = in_step();
    in.page_size = 8192;
    const auto out = engine::plan_attach(in);
    EXPECT_EQ(out.what, step::begin);
    EXPECT_EQ(out.base_txid, 7U);
    EXPECT_TRUE(out.loud);
}

TEST(attach_plan, a_stream_that_litestream_wrote_begins_anew_above_it) {
    auto in = in_step();
    in.remembered.reset();
    in.remote.head->sums.reset();
    in.sums_txid = 0;
    const auto out = engine::plan_attach(in);
    EXPECT_EQ(out.what, step::begin);
    EXPECT_EQ(out.base_txid, 7U);
    EXPECT_TRUE(out.loud);
    EXPECT_NE(out.why.find("Litestream"), std::string::npos) << out.why;
    EXPECT_NE(out.why.find("takes it over with a snapshot at TXID 8"), std::string::npos) << out.why;
}

TEST(attach_plan, sums_that_prove_another_state_are_not_used) {
    auto in = in_step();
    in.sums_txid = 6;
    const auto out = engine::plan_attach(in);
    EXPECT_EQ(out.what, step::everything);
    EXPECT_TRUE(out.loud);
}

TEST(attach_plan, a_stream_without_any_snapshot_owes_one) {
    auto in = in_step();
    in.remote.snapshot_txid = 0;
    const auto out = engine::plan_attach(in);
    EXPECT_EQ(out.what, step::go_on);
    EXPECT_TRUE(out.snapshot);
}

TEST(attach_plan, F11_the_position_after_an_object_comes_from_its_own_header) {
    ltx::header h;
    h.page_size = 4096;
    h.wal_offset = 32;
    h.wal_size = 8240;
    h.salt1 = 5;
    h.salt2 = 6;
    const auto at = engine::position_after(h);
    EXPECT_EQ(at.offset, 8272U);
    EXPECT_EQ(at.salt1, 5U);
    EXPECT_EQ(at.salt2, 6U);
}

}  // namespace
