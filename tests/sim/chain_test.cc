#include "tests/sim/chain.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <deque>

namespace {

// Objects as a store holds them, of one page size, each TXID with the state of its number unless it is said otherwise.
class shelf {
public:
    struct what {
        unsigned level = 0;
        std::uint64_t min = 1, max = 1;
        std::int64_t time_ms = 0;
        std::uint64_t node = 1;
        std::uint64_t pre = 0, post = 0;
    };

    void put(what one) {
        io::bytes data(120, 0);
        const auto number = [&data](std::size_t offset, std::size_t bytes, std::uint64_t value) {
            for (std::size_t i = 0; i < bytes; ++i) data[offset + i] = static_cast<std::uint8_t>(value >> (8 * (bytes - 1 - i)));
        };
        for (std::size_t i = 0; i < 4; ++i) data[i] = static_cast<std::uint8_t>("LTX1"[i]), data[80 + i] = static_cast<std::uint8_t>("FLTS"[i]);
        number(8, 4, 4096);
        number(16, 8, one.min);
        number(24, 8, one.max);
        number(32, 8, static_cast<std::uint64_t>(one.time_ms));
        number(72, 8, one.node);
        number(84, 8, one.pre);
        number(92, 8, one.post);
        bytes_.push_back(std::move(data));
        objects_.push_back({one.level, fmt::format("{:016x}-{:016x}.ltx", one.min, one.max), bytes_.back()});
    }
    // An object of one TXID that goes on from the one before.
    void put(std::uint64_t txid, std::int64_t time_ms, std::uint64_t node = 1) { put({0, txid, txid, time_ms, node, txid == 1 ? 0 : 1000 + txid - 1, 1000 + txid}); }
    std::vector<sim::stored_object>& objects() { return objects_; }
    sim::chain chain() const { return sim::chain(objects_); }
    std::string broken(bool set = false) const { return chain().broken(set); }

private:
    std::deque<io::bytes> bytes_;
    std::vector<sim::stored_object> objects_;
};

// Three TXIDs and a snapshot at the third.
shelf whole() {
    shelf out;
    for (std::uint64_t txid = 1; txid <= 3; ++txid) out.put(txid, static_cast<std::int64_t>(10 * txid));
    out.put({9, 1, 3, 30, 1, 0, 1003});
    return out;
}

TEST(chain, what_fits_together_is_not_broken) {
    const shelf all = whole();
    EXPECT_EQ(all.broken(), "");
    EXPECT_EQ(all.chain().newest(), 3U);
    EXPECT_EQ(shelf().broken(), "");
    EXPECT_EQ(shelf().chain().newest(), 0U);
}

TEST(chain, a_gap) {
    shelf all = whole();
    all.put(5, 50);
    EXPECT_EQ(all.broken(), "TXID 5 follows TXID 3");
}

TEST(chain, what_a_snapshot_bridges_is_a_gap_all_the_same) {
    shelf all = whole();
    all.put({9, 1, 5, 50, 1, 0, 1005});
    EXPECT_EQ(all.broken(), "TXID 5 follows TXID 3");
}

TEST(chain, an_object_that_follows_nothing) {
    shelf all;
    all.put(2, 20);
    all.put(3, 30);
    EXPECT_EQ(all.broken(), "TXID 2 follows nothing");
}

TEST(chain, two_that_end_at_one_txid_with_different_states) {
    shelf all = whole();
    all.put({1, 2, 3, 30, 1, 1001, 1003});
    EXPECT_EQ(all.broken(), "") << "an overlap that agrees";
    all.put({2, 2, 3, 30, 1, 1001, 7});
    EXPECT_EQ(all.broken(), "two objects end at TXID 3 with different states");
}

TEST(chain, an_overlap_that_begins_with_another_state) {
    shelf all = whole();
    all.put({1, 2, 3, 30, 1, 7, 1003});
    EXPECT_EQ(all.broken(), "TXID 2 does not begin with the state of TXID 1");
}

TEST(chain, an_object_that_begins_with_another_state_than_the_one_before_ends_with) {
    shelf all = whole();
    all.put({0, 4, 4, 40, 1, 7, 1004});
    EXPECT_EQ(all.broken(), "TXID 4 does not begin with the state of TXID 3");
}

TEST(chain, a_time_before_that_of_an_earlier_txid_unless_the_clock_was_set) {
    shelf all = whole();
    all.put(4, 29);
    EXPECT_EQ(all.broken(), "TXID 4 was made before TXID 3");
    EXPECT_EQ(all.broken(true), "");
}

TEST(chain, an_owner_that_writes_after_its_successor) {
    shelf all = whole();
    all.put(4, 40, 2);
    EXPECT_EQ(all.broken(), "");
    all.put(5, 50, 1);
    EXPECT_EQ(all.broken(), "TXID 5 is of epoch 0000000000000001, after one of 0000000000000002");
}

TEST(chain, an_object_that_is_not_what_it_is_called) {
    shelf all = whole();
    all.objects()[1].file = "0000000000000002-0000000000000003.ltx";
    EXPECT_EQ(all.broken(), "0000000000000002-0000000000000003.ltx on level 0 is not what it is called");
    shelf torn = whole();
    torn.objects()[1].data = torn.objects()[1].data.first(100);
    EXPECT_EQ(torn.broken(), "0000000000000002-0000000000000002.ltx on level 0 is not what it is called");
}

TEST(chain, a_time_is_the_newest_txid_that_was_made_by_then_and_can_be_restored) {
    using points = std::vector<std::uint64_t>;
    shelf all = whole();
    EXPECT_EQ(all.chain().points_at(9), points{});
    EXPECT_EQ(all.chain().points_at(10), points{1});
    EXPECT_EQ(all.chain().points_at(29), points{2});
    EXPECT_EQ(all.chain().points_at(1000), points{3});
    EXPECT_EQ(all.chain().time_of(2), 20);
    EXPECT_EQ(all.chain().time_of(4), std::nullopt);
}

TEST(chain, where_times_go_back_a_time_is_any_moment_at_which_it_was_passed) {
    using points = std::vector<std::uint64_t>;
    shelf all;
    std::uint64_t txid = 0;
    for (const std::int64_t time_ms : {10, 30, 20, 40, 35}) all.put(++txid, time_ms);
    EXPECT_EQ(all.chain().points_at(25), (points{1, 3}));
    EXPECT_EQ(all.chain().points_at(9), points{});
    EXPECT_EQ(all.chain().points_at(37), points{5}) << "the newest is older than that";
}

TEST(chain, says_what_is_there) {
    const shelf all = whole();
    EXPECT_EQ(all.chain().checksum_of(2), 1002U);
    EXPECT_EQ(all.chain().checksum_of(4), std::nullopt);
    EXPECT_TRUE(all.chain().has_snapshot(3));
    EXPECT_FALSE(all.chain().has_snapshot(2));
    EXPECT_TRUE(all.chain().has(0, 2, 2));
    EXPECT_FALSE(all.chain().has(1, 2, 2));
    EXPECT_FALSE(all.chain().has(0, 2, 3));
}

}  // namespace
