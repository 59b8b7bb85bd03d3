#include "wal/connection.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "tests/support/chain_builder.h"
#include "tests/support/process.h"
#include "tests/support/sqlite.h"
#include "tests/support/temp_directory.h"
#include "tests/wal/wal_poke.h"

namespace {

class connection : public testing::Test {
protected:
    tests::temp_directory dir;
    const std::string path = dir.file("app.db");
    std::unique_ptr<tests::app> db = std::make_unique<tests::app>(path, 0);

    void SetUp() override { db->run("PRAGMA journal_mode=WAL; PRAGMA wal_autocheckpoint=0; CREATE TABLE t(x); INSERT INTO t VALUES(1)"); }

    std::unique_ptr<wal::connection> open(int busy_ms = 0) {
        auto got = wal::connection::open(path, busy_ms);
        EXPECT_TRUE(got.has_value()) << (got ? "" : got.error().context);
        return std::move(*got);
    }
    static wal::wal_index index(const wal::connection& c) {
        auto got = c.index();
        EXPECT_TRUE(got.has_value()) << (got ? "" : got.error().context);
        return *got;
    }
};

TEST_F(connection, never_deletes_or_checkpoints_the_log) {
    auto ours = open();
    ASSERT_TRUE(ours->hold_read().has_value());
    db.reset();  // not the last to close
    const auto before = tests::slurp(path + "-wal");
    EXPECT_FALSE(before.empty());
    const auto file = tests::slurp(path);
    ours.reset();  // the last one
    EXPECT_EQ(tests::slurp(path + "-wal"), before);
    EXPECT_EQ(tests::slurp(path), file);
}

TEST_F(connection, never_creates_a_database) {
    const auto got = wal::connection::open(dir.file("none.db"), 0);
    ASSERT_FALSE(got.has_value());
    EXPECT_EQ(got.error().code, io::errc::not_found);
    EXPECT_EQ(got.error().about, io::subject::database);
    EXPECT_FALSE(std::filesystem::exists(dir.file("none.db")));
}

TEST_F(connection, A3_a_held_read_keeps_the_log_from_being_restarted) {
    auto ours = open();
    ASSERT_TRUE(ours->hold_read().has_value());
    ASSERT_TRUE(ours->hold_read().has_value());
    EXPECT_TRUE(ours->holds_read());
    const auto before = index(*ours);
    db->run("PRAGMA wal_checkpoint(PASSIVE); INSERT INTO t VALUES(2)");
    EXPECT_EQ(index(*ours).salt1, before.salt1);
    EXPECT_EQ(db->text("PRAGMA wal_checkpoint(TRUNCATE)"), "1");
    ours->end_read();
    db->run("PRAGMA wal_checkpoint(PASSIVE); INSERT INTO t VALUES(3)");
    EXPECT_EQ(index(*ours).salt1, before.salt1 + 1);
}

TEST_F(connection, commits_one_frame_that_changes_nothing) {
    db->run("PRAGMA user_version=-77");
    auto ours = open();
    const std::string before = tests::dump(path);
    const auto first = index(*ours);
    ASSERT_TRUE(ours->begin_write().has_value());
    ASSERT_TRUE(ours->hold_read().has_value());
    ASSERT_TRUE(ours->commit_nothing().has_value());
    const auto then = index(*ours);
    EXPECT_EQ(then.max_frame, first.max_frame + 1);
    EXPECT_EQ(then.page_count, first.page_count);
    EXPECT_EQ(db->number("PRAGMA user_version"), -77);
    EXPECT_EQ(tests::dump(path), before);
    // The read goes on: the log is pinned.
    EXPECT_TRUE(ours->holds_read());
    db->run("PRAGMA wal_checkpoint(PASSIVE); INSERT INTO t VALUES(2)");
    EXPECT_EQ(index(*ours).salt1, first.salt1);
}

TEST_F(connection, a_writer_is_waited_for_and_then_it_is_busy) {
    auto ours = open(20);
    db->run("BEGIN IMMEDIATE");
    const auto refused = ours->begin_write();
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().code, io::errc::busy);
    EXPECT_EQ(refused.error().about, io::subject::database);
    db->run("COMMIT");
    ASSERT_TRUE(ours->begin_write().has_value());
    EXPECT_THROW(db->run("INSERT INTO t VALUES(2)"), std::runtime_error);
    ours->rollback();
    db->run("INSERT INTO t VALUES(2)");
}

TEST_F(connection, A4_the_row_of_a_checkpoint_is_read) {
    auto ours = open();
    tests::app reader(path);
    reader.run("BEGIN; SELECT * FROM t");
    db->run("INSERT INTO t VALUES(2)");
    auto part = ours->checkpoint_passive();
    ASSERT_TRUE(part.has_value());
    EXPECT_FALSE(part->all());
    EXPECT_LT(part->backfilled, part->log_frames);
    reader.run("COMMIT");
    auto whole = ours->checkpoint_passive();
    ASSERT_TRUE(whole.has_value());
    EXPECT_TRUE(whole->all());
    EXPECT_EQ(static_cast<std::uint32_t>(whole->log_frames), index(*ours).max_frame);
    EXPECT_EQ(index(*ours).backfilled, index(*ours).max_frame);
}

TEST_F(connection, A4_checkpoints_are_kept_out_and_let_in_again) {
    auto ours = open();
    ASSERT_TRUE(ours->hold_read().has_value());
    ASSERT_TRUE(ours->lock_checkpoints());
    auto other = open();
    EXPECT_FALSE(other->lock_checkpoints());
    auto refused = other->checkpoint_passive();
    ASSERT_TRUE(refused.has_value());
    EXPECT_TRUE(refused->busy);
    EXPECT_FALSE(refused->all());
    // Another process, too.
    const auto shell = tests::run_process({"sqlite3", path, "PRAGMA wal_checkpoint(PASSIVE)"});
    EXPECT_EQ(shell.out.substr(0, 2), "1|") << shell.out << shell.err;
    ours->unlock_checkpoints();
    EXPECT_TRUE(other->checkpoint_passive()->all());
}

TEST_F(connection, a_torn_index_is_busy_and_the_next_reader_mends_it) {
    auto ours = open();
    ASSERT_TRUE(ours->hold_read().has_value());
    const auto before = index(*ours);
    tests::tear_index(db->handle());
    const auto torn = ours->index();
    ASSERT_FALSE(torn.has_value());
    EXPECT_EQ(torn.error().code, io::errc::busy);
    EXPECT_EQ(db->number("SELECT count(*) FROM t"), 1);
    EXPECT_EQ(index(*ours).max_frame, before.max_frame);
    EXPECT_EQ(index(*ours).salt1, before.salt1);
}

TEST_F(connection, reads_the_file_through_sqlites_handle) {
    db->run("PRAGMA wal_checkpoint(TRUNCATE)");
    auto ours = open();
    const io::bytes file = tests::slurp(path);
    io::bytes got(file.size() + 100, 1);
    ASSERT_TRUE(ours->read_file(0, got).has_value());
    io::bytes expected = file;
    expected.resize(got.size());
    EXPECT_EQ(got, expected);  // zeros past the end
}

// POSIX locks go when any descriptor of the file is closed: nothing of ours may close one while the application, in this process, holds
// the write lock.
TEST_F(connection, leaves_the_locks_of_this_process_alone) {
    db->run("BEGIN IMMEDIATE; INSERT INTO t VALUES(2)");
    {
        auto ours = open();
        ASSERT_TRUE(ours->hold_read().has_value());
        index(*ours);
        io::bytes page(4096);
        ASSERT_TRUE(ours->read_file(0, page).has_value());
    }
    const auto shell = tests::run_process({"sqlite3", "-bail", path, "INSERT INTO t VALUES(3)"});
    EXPECT_NE(shell.code, 0);
    EXPECT_NE(shell.err.find("locked"), std::string::npos) << shell.err;
    db->run("COMMIT");
    EXPECT_EQ(tests::run_process({"sqlite3", path, "SELECT count(*) FROM t"}).out, "2\n");
}

TEST_F(connection, tells_when_the_path_names_another_file) {
    auto ours = open();
    EXPECT_FALSE(ours->has_moved());
    std::filesystem::rename(path, dir.file("old.db"));
    EXPECT_TRUE(ours->has_moved());
    tests::spill(path, tests::slurp(dir.file("old.db")));
    EXPECT_TRUE(ours->has_moved());
}

}  // namespace
