#include "wal/connection_pin.h"

#include <gtest/gtest.h>

#include "io/posix_file_system.h"
#include "tests/support/sqlite.h"
#include "tests/support/temp_directory.h"
#include "tests/wal/follower.h"
#include "tests/wal/wal_poke.h"

namespace {

using outcome = wal::handoff::outcome;

class connection_pin : public testing::Test {
protected:
    tests::temp_directory dir;
    const std::string path = dir.file("app.db");
    tests::app db{path, 0};
    std::unique_ptr<wal::connection_pin> pin;

    void SetUp() override {
        db.run("PRAGMA journal_mode=WAL; PRAGMA wal_autocheckpoint=0; CREATE TABLE t(x); INSERT INTO t VALUES(1)");
        auto first = wal::connection::open(path, 0);
        ASSERT_TRUE(first.has_value());
        pin = std::make_unique<wal::connection_pin>(path, 0, std::move(*first));
    }

    wal::wal_index index() {
        auto got = pin->index();
        EXPECT_TRUE(got.has_value()) << (got ? "" : got.error().context);
        return *got;
    }
    wal::handoff take() { return value(pin->take([](const wal::wal_index&) -> io::result<bool> { return true; })); }
    wal::handoff hand_off() { return value(pin->hand_off([](const wal::wal_index&) -> io::result<bool> { return true; })); }
    void insert() { db.run("INSERT INTO t VALUES(randomblob(3000))"); }
    // The log is pinned exactly if the application cannot restart it, however it tries.
    bool pinned() {
        const auto before = index();
        db.run("PRAGMA wal_checkpoint(FULL)");
        insert();
        db.run("PRAGMA wal_checkpoint(RESTART)");
        insert();
        const bool truncated = db.text("PRAGMA wal_checkpoint(TRUNCATE)") == "0";
        insert();
        const auto then = index();
        return !truncated && then.salt1 == before.salt1 && then.salt2 == before.salt2 && then.max_frame >= before.max_frame + 3;
    }

    static wal::handoff value(io::result<wal::handoff> got) {
        if (!got) throw std::runtime_error(got.error().context);
        return *got;
    }
};

TEST_F(connection_pin, A3_the_log_is_pinned_where_frames_are_alive) {
    const auto before = index();
    EXPECT_EQ(take().what, outcome::not_restarted);
    EXPECT_EQ(index().max_frame, before.max_frame);  // nothing was written
    EXPECT_TRUE(pinned());
}

TEST_F(connection_pin, A3_a_log_that_is_backfilled_is_restarted_with_a_frame_of_ours) {
    db.run("PRAGMA wal_checkpoint(PASSIVE)");
    const auto before = index();
    std::uint32_t looked_at = 0;
    const auto done = value(pin->take([&](const wal::wal_index& now) -> io::result<bool> {
        looked_at = now.max_frame;
        EXPECT_THROW(db.run("BEGIN IMMEDIATE"), std::runtime_error);  // no frame can come any more
        return true;
    }));
    EXPECT_EQ(done.what, outcome::handed_off);
    EXPECT_TRUE(done.own_frame_first);
    EXPECT_GT(done.locked_ns, 0U);
    EXPECT_EQ(looked_at, before.max_frame);
    EXPECT_EQ(index().salt1, before.salt1 + 1);
    EXPECT_EQ(index().max_frame, 1U);
    EXPECT_TRUE(pinned());
}

TEST_F(connection_pin, A3_between_generations_the_log_is_begun_and_pinned) {
    db.run("PRAGMA wal_checkpoint(TRUNCATE)");
    ASSERT_EQ(index().max_frame, 0U);
    EXPECT_EQ(take().what, outcome::handed_off);
    EXPECT_EQ(index().max_frame, 1U);
    EXPECT_TRUE(pinned());
}

TEST_F(connection_pin, A3_taking_it_fails_with_what_the_callback_says_and_nothing_is_written) {
    db.run("PRAGMA wal_checkpoint(PASSIVE)");
    const auto before = index();
    const auto got = pin->take([](const wal::wal_index&) -> io::result<bool> { return io::error{io::errc::no_space, io::subject::general, "full"}; });
    ASSERT_FALSE(got.has_value());
    EXPECT_EQ(got.error().code, io::errc::no_space);
    EXPECT_EQ(index().max_frame, before.max_frame);
    insert();  // the write lock was let go
}

TEST_F(connection_pin, A3_a_writer_that_keeps_the_lock_makes_taking_it_busy) {
    db.run("PRAGMA wal_checkpoint(PASSIVE); BEGIN IMMEDIATE");
    const auto got = pin->take([](const wal::wal_index&) -> io::result<bool> { return true; });
    ASSERT_FALSE(got.has_value());
    EXPECT_EQ(got.error().code, io::errc::busy);
    db.run("COMMIT");
    EXPECT_EQ(take().what, outcome::handed_off);
}

TEST_F(connection_pin, A3_advancing_keeps_the_log_pinned_and_lets_checkpoints_through) {
    take();
    for (int i = 0; i < 10; ++i) {
        insert();
        ASSERT_TRUE(pin->advance().has_value());
        // The application's own FULL checkpoint finds nothing to wait for.
        EXPECT_EQ(db.text("PRAGMA wal_checkpoint(FULL)"), "0");
        EXPECT_EQ(index().backfilled, index().max_frame);
        ASSERT_TRUE(pin->advance().has_value());  // everything is backfilled: a new reader would pin nothing
        ASSERT_TRUE(pin->advance().has_value());
    }
    EXPECT_TRUE(pinned());
}

TEST_F(connection_pin, A4_the_handoff_drains_under_the_write_lock_before_the_restart) {
    take();
    insert();
    const auto before = index();
    int calls = 0;
    const auto done = value(pin->hand_off([&](const wal::wal_index& now) -> io::result<bool> {
        ++calls;
        EXPECT_EQ(now.salt1, before.salt1);
        EXPECT_EQ(now.max_frame, before.max_frame);
        EXPECT_THROW(db.run("BEGIN IMMEDIATE"), std::runtime_error);
        return true;
    }));
    EXPECT_EQ(done.what, outcome::handed_off);
    EXPECT_GE(calls, 1);
    EXPECT_TRUE(done.own_frame_first);
    EXPECT_EQ(index().salt1, before.salt1 + 1);
    EXPECT_EQ(index().max_frame, 1U);
    EXPECT_TRUE(pinned());
}

TEST_F(connection_pin, A4_what_is_not_drained_is_not_restarted) {
    take();
    insert();
    const auto before = index();
    const auto done = value(pin->hand_off([](const wal::wal_index&) -> io::result<bool> { return false; }));
    EXPECT_EQ(done.what, outcome::not_restarted);
    EXPECT_EQ(index().salt1, before.salt1);
    EXPECT_EQ(index().max_frame, before.max_frame);
    EXPECT_TRUE(pinned());
}

TEST_F(connection_pin, B5_a_drain_that_fails_is_the_handoffs_error_and_the_log_stays_pinned) {
    take();
    insert();
    const auto before = index();
    const auto done = pin->hand_off([](const wal::wal_index&) -> io::result<bool> {
        return io::error{io::errc::io_failure, io::subject::general, "sync failed"};
    });
    ASSERT_FALSE(done.has_value());
    EXPECT_EQ(done.error().code, io::errc::io_failure);
    EXPECT_EQ(index().salt1, before.salt1);
    EXPECT_TRUE(pinned());
}

TEST_F(connection_pin, A4_a_reader_with_an_older_mark_is_in_the_way_before_writers_are_kept_out) {
    take();
    tests::app reader(path);
    reader.run("BEGIN; SELECT * FROM t");
    insert();
    ASSERT_TRUE(pin->advance().has_value());
    const auto before = index();
    bool drained = false;
    const auto done = value(pin->hand_off([&](const wal::wal_index&) -> io::result<bool> { return drained = true; }));
    EXPECT_EQ(done.what, outcome::not_restarted);
    EXPECT_FALSE(drained);
    EXPECT_EQ(index().max_frame, before.max_frame);
    reader.run("COMMIT");
    EXPECT_EQ(hand_off().what, outcome::handed_off);
    EXPECT_TRUE(pinned());
}

// A reader at the newest frame is seen only by trying, which appends a frame. Where there is always one, that is done once, not again and
// again while nobody writes.
TEST_F(connection_pin, A4_readers_at_the_newest_frame_cost_one_frame_not_one_a_try) {
    take();
    insert();
    auto reader = std::make_unique<tests::app>(path);
    reader->run("BEGIN; SELECT * FROM t");
    ASSERT_TRUE(pin->advance().has_value());
    const auto before = index();
    for (int i = 0; i < 5; ++i) {
        EXPECT_EQ(hand_off().what, outcome::not_restarted);
        auto next = std::make_unique<tests::app>(path);
        next->run("BEGIN; SELECT * FROM t");
        reader = std::move(next);
    }
    EXPECT_EQ(index().salt1, before.salt1);
    EXPECT_EQ(index().max_frame, before.max_frame + 1);
    EXPECT_TRUE(pinned());
    reader.reset();
    EXPECT_EQ(hand_off().what, outcome::handed_off);  // somebody wrote since
    EXPECT_TRUE(pinned());
}

// Everything is backfilled by the application just when the pin is to move: a new reader would stand on mark 0, where it pins nothing.
TEST_F(connection_pin, A3_the_pin_does_not_move_to_where_it_pins_nothing) {
    take();
    insert();
    ASSERT_TRUE(pin->advance().has_value());
    auto other = wal::connection::open(path, 0);
    ASSERT_TRUE(other.has_value() && (*other)->hold_read().has_value());
    (*other)->end_read();
    ASSERT_TRUE((*other)->lock_checkpoints());
    int calls = 0;
    const auto done = value(pin->hand_off([&](const wal::wal_index& now) -> io::result<bool> {
        if (++calls > 1) return false;
        EXPECT_LT(now.backfilled, now.max_frame);
        (*other)->unlock_checkpoints();
        db.run("PRAGMA wal_checkpoint(PASSIVE)");
        EXPECT_EQ(index().backfilled, now.max_frame);
        return true;
    }));
    EXPECT_EQ(calls, 2);
    EXPECT_EQ(done.what, outcome::not_restarted);
    EXPECT_TRUE(pinned());
}

TEST_F(connection_pin, A4_a_writer_that_keeps_the_lock_refuses_the_handoff) {
    take();
    db.run("BEGIN IMMEDIATE; INSERT INTO t VALUES(2)");
    EXPECT_EQ(hand_off().what, outcome::not_restarted);
    db.run("COMMIT");
    EXPECT_EQ(hand_off().what, outcome::handed_off);
    EXPECT_TRUE(pinned());
}

// SQLite's WAL-reset bug needs a checkpoint that is under way while the log is restarted.
TEST_F(connection_pin, A4_the_log_is_not_restarted_beside_a_checkpoint) {
    take();
    insert();
    auto other = wal::connection::open(path, 0);
    ASSERT_TRUE(other.has_value() && (*other)->hold_read().has_value());
    (*other)->end_read();
    ASSERT_TRUE((*other)->lock_checkpoints());
    const auto before = index();
    EXPECT_EQ(hand_off().what, outcome::not_restarted);
    EXPECT_EQ(index().salt1, before.salt1);
    (*other)->unlock_checkpoints();
    EXPECT_EQ(hand_off().what, outcome::handed_off);
    ASSERT_TRUE((*other)->lock_checkpoints());  // and it was given back
    (*other)->unlock_checkpoints();
    EXPECT_TRUE(pinned());
}

TEST_F(connection_pin, A4_without_a_checkpoint_lock_even_a_backfilled_log_is_not_restarted) {
    take();
    insert();
    ASSERT_TRUE(pin->advance().has_value());
    db.run("PRAGMA wal_checkpoint(PASSIVE)");
    ASSERT_EQ(index().backfilled, index().max_frame);
    auto other = wal::connection::open(path, 0);
    ASSERT_TRUE(other.has_value() && (*other)->hold_read().has_value());
    (*other)->end_read();
    ASSERT_TRUE((*other)->lock_checkpoints());
    const auto before = index();
    EXPECT_EQ(hand_off().what, outcome::not_restarted);
    EXPECT_EQ(index().salt1, before.salt1);
    EXPECT_EQ(index().max_frame, before.max_frame);
    (*other)->unlock_checkpoints();
    EXPECT_TRUE(pinned());
}

TEST_F(connection_pin, after_a_handoff_the_applications_full_checkpoint_need_not_wait) {
    take();
    insert();
    ASSERT_EQ(hand_off().what, outcome::handed_off);
    EXPECT_EQ(db.text("PRAGMA wal_checkpoint(FULL)"), "0");
    EXPECT_EQ(index().backfilled, 1U);
}

TEST_F(connection_pin, A3_an_index_that_a_killed_writer_tore_is_mended) {
    take();
    const auto before = index();
    tests::tear_index(db.handle());
    const auto then = index();
    EXPECT_EQ(then.salt1, before.salt1);
    EXPECT_EQ(then.max_frame, before.max_frame);
    EXPECT_TRUE(pinned());
    tests::tear_index(db.handle());
    EXPECT_EQ(hand_off().what, outcome::handed_off);
    EXPECT_TRUE(pinned());
}

// Fifty generations, and every row of every one of them.
TEST_F(connection_pin, A5_generations_follow_each_other_without_a_gap) {
    pin.reset();
    tests::follower us(path);
    for (int i = 0; i < 50; ++i) {
        insert();
        if (i % 3 == 0) us.capture();
        if (i % 5 == 0) us.advance();
        if (i % 7 == 0) db.run("PRAGMA wal_checkpoint(PASSIVE)");
        ASSERT_EQ(us.hand_off().what, outcome::handed_off) << i;
    }
    us.capture();
    EXPECT_EQ(us.dump_image(dir.file("image.db")), tests::dump(path));
}

}  // namespace
