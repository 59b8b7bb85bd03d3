// Whether a log is the one that objects were made from.
#include "engine/continuity.h"

#include <gtest/gtest.h>

#include "engine/capture.h"
#include "io/posix_file_system.h"
#include "ltx/checksum.h"
#include "tests/support/sqlite.h"
#include "tests/support/temp_directory.h"

namespace {

class continuity : public testing::Test {
protected:
    tests::temp_directory dir;
    io::posix_file_system files;
    tests::app db{dir.file("x.db")};
    wal::log_reader log{files, dir.file("x.db-wal")};

    continuity() { db.run("PRAGMA journal_mode=WAL; PRAGMA wal_autocheckpoint=0; CREATE TABLE t(x); INSERT INTO t VALUES(1)"); }

    // The log's newest commit, and what it did since `from`.
    wal::position end() {
        auto head = log.open();
        return log.read(wal::start_of(**head), UINT64_MAX, UINT64_MAX)->batch.end();
    }
    io::result<bool> holds(const wal::position& from, const wal::position& to, const engine::changes& made, std::uint32_t old_pages) {
        return engine::log_holds(std::vector{engine::stretch{&log, from, to}}, made, old_pages);
    }
    engine::changes since(const wal::position& from, std::uint64_t txid) {
        engine::changes out;
        out.to_txid = txid - 1;
        auto batch = log.read(from, UINT64_MAX, UINT64_MAX)->batch;
        std::vector<ltx::page_sum> sums;
        io::bytes page(4096);
        for (const auto& place : batch.pages()) {
            EXPECT_TRUE(log.read_page(place.offset, page).has_value());
            sums.push_back({place.pgno, ltx::page_checksum(place.pgno, page)});
        }
        ltx::header head;
        head.commit = batch.commit_pages();
        head.min_txid = head.max_txid = txid;
        out.add(head, sums);
        return out;
    }
};

TEST_F(continuity, A3_the_changes_must_be_those_of_the_log) {
    const wal::position from = end();
    db.run("INSERT INTO t VALUES(2)");
    const wal::position middle = end();
    db.run("INSERT INTO t VALUES(hex(randomblob(9000)))");
    const wal::position to = end();
    const engine::changes made = since(from, 5);
    EXPECT_EQ(made.to_txid, 5U);
    EXPECT_TRUE(*holds(from, to, made, 2));

    engine::changes other = made;
    other.sums.begin()->second ^= 1U;
    EXPECT_FALSE(*holds(from, to, other, 2)) << "another content";
    other = made;
    other.sums.erase(other.sums.begin());
    EXPECT_FALSE(*holds(from, to, other, 2)) << "a page that the objects do not have";
    other = made;
    other.page_count += 1;
    EXPECT_FALSE(*holds(from, to, other, 2)) << "another size";
    other = made;
    other.sums[made.page_count] = 1;
    EXPECT_FALSE(*holds(from, to, other, made.page_count)) << "a page that the log does not have";

    wal::position earlier = from;
    earlier.running.s0 ^= 1U;
    EXPECT_FALSE(*holds(earlier, to, made, 2)) << "another history before";

    // In two pieces it is the same.
    EXPECT_TRUE(*engine::log_holds(std::vector{engine::stretch{&log, from, middle}, engine::stretch{&log, middle, to}}, made, 2));
    EXPECT_FALSE(*holds(from, middle, made, 2)) << "not all of it";
}

TEST_F(continuity, pages_that_were_cut_off_again_do_not_count) {
    engine::changes made;
    ltx::header head;
    head.commit = 9;
    head.max_txid = 2;
    const std::vector<ltx::page_sum> grown{{2, 20}, {9, 90}};
    made.add(head, grown);
    head.commit = 5;
    head.max_txid = 3;
    const std::vector<ltx::page_sum> cut{{2, 21}};
    made.add(head, cut);
    EXPECT_EQ(made.sums, (std::map<std::uint32_t, std::uint64_t>{{2, 21}}));
    EXPECT_EQ(made.page_count, 5U);
}

TEST(stamp, a_clock_that_is_set_back_a_little_does_not_turn_the_order_of_commits) {
    EXPECT_EQ(engine::stamp(2000, 1000), 2000);
    EXPECT_EQ(engine::stamp(1000, 2000), 2000);
    EXPECT_EQ(engine::stamp(1'000'000, 4'600'000), 4'600'000);
    EXPECT_EQ(engine::stamp(1'000'000, 4'600'001), 1'000'000) << "the old time was wrong";
    EXPECT_EQ(engine::stamp(1000, 0), 1000);
}

}  // namespace
