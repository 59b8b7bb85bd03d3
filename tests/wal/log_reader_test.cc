// The log of a real database, read while it grows, restarts, shrinks and goes.
#include "wal/log_reader.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <filesystem>

#include "io/posix_file_system.h"
#include "tests/support/chain_builder.h"
#include "tests/support/spoiled_files.h"
#include "tests/support/sqlite.h"
#include "tests/support/temp_directory.h"

namespace {

using outcome = wal::log_reader::outcome;
constexpr std::uint64_t no_limit = UINT64_MAX;

class log_reader : public testing::Test {
protected:
    tests::temp_directory dir;
    const std::string path = dir.file("app.db");
    io::posix_file_system files;
    tests::app db{path};
    wal::log_reader log{files, path + "-wal"};

    void SetUp() override { db.run("PRAGMA journal_mode=WAL; PRAGMA wal_autocheckpoint=0; CREATE TABLE t(x); INSERT INTO t VALUES(randomblob(9000))"); }

    std::uint64_t size() const { return std::filesystem::file_size(path + "-wal"); }
    wal::header header() {
        auto head = log.open();
        EXPECT_TRUE(head.has_value() && head->has_value());
        return **head;
    }
    wal::log_reader::reading read(const wal::position& from, std::uint64_t end, std::uint64_t limit = no_limit) {
        auto got = log.read(from, end, limit);
        EXPECT_TRUE(got.has_value()) << (got ? "" : got.error().context);
        return std::move(*got);
    }
    wal::position whole() { return read(wal::start_of(header()), size()).batch.end(); }
};

TEST_F(log_reader, F2_reads_on_while_the_log_grows) {
    const wal::position first = whole();
    EXPECT_EQ(first.offset, size());
    std::uint64_t frames = 0;
    wal::position at = first;
    for (int i = 0; i < 20; ++i) {
        db.run("INSERT INTO t VALUES(randomblob(5000))");
        const auto got = read(at, size());
        ASSERT_EQ(got.what, outcome::read);
        EXPECT_EQ(got.batch.begin(), at);
        at = got.batch.end();
        frames += got.batch.frames();
        EXPECT_EQ(at.offset, size());
    }
    const auto again = read(first, size());
    EXPECT_EQ(again.batch.end(), at);
    EXPECT_EQ(again.batch.frames(), frames);
    EXPECT_EQ(read(at, at.offset).batch.frames(), 0U);
}

TEST_F(log_reader, F2_uncommitted_frames_are_not_read) {
    const wal::position before = whole();
    db.run("PRAGMA cache_size=1; BEGIN; INSERT INTO t VALUES(randomblob(300000))");  // does not fit: it spills into the log
    ASSERT_GT(size(), before.offset);
    const auto got = read(before, no_limit);
    EXPECT_TRUE(got.batch.empty());
    EXPECT_EQ(got.batch.end(), before);
    db.run("ROLLBACK; INSERT INTO t VALUES(1)");
    EXPECT_EQ(read(before, before.offset + wal::frame_header_size + 4096).what, outcome::read);
}

// The file keeps its length, only the salts tell.
TEST_F(log_reader, F3_B4_a_restart_is_seen_at_equal_size) {
    wal::position end = whole();
    const std::uint64_t before = size();
    db.run("PRAGMA wal_checkpoint(PASSIVE); INSERT INTO t VALUES(1)");
    ASSERT_EQ(size(), before);
    EXPECT_EQ(read(end, size() + 1).what, outcome::restarted);
    EXPECT_EQ(read(wal::position{end.salt1, end.salt2, end.page_size, false, wal::header_size, {}}, size()).what, outcome::restarted);
    const auto holds = log.holds(end, false);
    ASSERT_TRUE(holds.has_value());
    EXPECT_FALSE(*holds);
    // The new generation reads from its own start, and what is left of the old one does not count.
    const auto next = read(wal::start_of(header()), no_limit);
    EXPECT_EQ(next.batch.end().salt1, end.salt1 + 1);
    EXPECT_LT(next.batch.end().offset, end.offset);
    EXPECT_EQ(next.batch.frames(), 1U);
}

TEST_F(log_reader, F3_a_shorter_log_is_another_one) {
    const wal::position end = whole();
    db.run("PRAGMA wal_checkpoint(TRUNCATE)");
    EXPECT_EQ(size(), 0U);
    EXPECT_EQ(read(end, end.offset + 4096).what, outcome::restarted);
    auto head = log.open();
    ASSERT_TRUE(head.has_value());
    EXPECT_FALSE(head->has_value());
    db.run("INSERT INTO t VALUES(1)");
    EXPECT_EQ(read(end, size()).what, outcome::restarted);
}

TEST_F(log_reader, F3_cut_off_before_the_position_is_a_restart_and_after_it_is_broken) {
    const wal::position end = whole();
    db.run("INSERT INTO t VALUES(1)");
    const std::uint64_t longer = size();
    std::filesystem::resize_file(path + "-wal", end.offset + 100);
    EXPECT_EQ(read(end, longer).what, outcome::broken);
    std::filesystem::resize_file(path + "-wal", end.offset - 100);
    EXPECT_EQ(read(end, longer).what, outcome::restarted);
}

TEST_F(log_reader, A5_a_deleted_log_that_is_open_reads_to_its_end) {
    const wal::position at = whole();
    db.run("INSERT INTO t VALUES(randomblob(20000))");
    const std::uint64_t end = size();
    std::filesystem::remove(path + "-wal");
    const auto got = read(at, end);
    EXPECT_EQ(got.what, outcome::read);
    EXPECT_EQ(got.batch.end().offset, end);
    auto head = log.open();
    ASSERT_TRUE(head.has_value());
    EXPECT_FALSE(head->has_value());
    EXPECT_FALSE(log.is_open());
}

TEST_F(log_reader, a_limit_ends_at_a_commit) {
    const wal::position start = wal::start_of(header());
    for (int i = 0; i < 100; ++i) db.run("INSERT INTO t VALUES(randomblob(9000))");
    wal::position at = start;
    unsigned parts = 0;
    while (at.offset < size()) {
        const auto got = read(at, size(), 100'000);
        ASSERT_EQ(got.what, outcome::read);
        ASSERT_GT(got.batch.end().offset, at.offset);
        EXPECT_EQ(got.more, got.batch.end().offset < size());
        at = got.batch.end();
        ++parts;
    }
    EXPECT_GT(parts, 2U);
    EXPECT_EQ(at, read(start, size()).batch.end());
    // One transaction is never divided, however long.
    db.run("INSERT INTO t VALUES(randomblob(2000000))");
    EXPECT_EQ(read(at, size(), 1).batch.end().offset, size());
}

TEST_F(log_reader, A5_holds_only_a_position_that_the_log_went_through) {
    const wal::position start = wal::start_of(header());
    wal::position mid = whole();
    db.run("INSERT INTO t VALUES(randomblob(20000))");
    const auto holds = [this](wal::position p, bool fill = false) {
        auto got = log.holds(p, fill);
        EXPECT_TRUE(got.has_value());
        return *got;
    };
    EXPECT_TRUE(holds(start));
    EXPECT_TRUE(holds(mid));
    EXPECT_FALSE(holds({}));
    wal::position other = mid;
    other.running.s1 ^= 1U;
    EXPECT_FALSE(holds(other));
    other.running = {};
    EXPECT_TRUE(holds(other, true));
    auto filled = log.holds(other, true);
    EXPECT_EQ(other, mid);
    for (const std::uint64_t offset : {std::uint64_t{0}, mid.offset - 1, mid.offset + wal::frame_header_size + mid.page_size, size() + 4120, std::uint64_t{no_limit}}) {
        wal::position wrong = mid;
        wrong.offset = offset;
        wrong.running = {};
        EXPECT_FALSE(holds(wrong, true)) << offset;
    }
    for (std::uint32_t wal::position::*field : {&wal::position::salt1, &wal::position::salt2, &wal::position::page_size}) {
        wal::position wrong = mid;
        wrong.*field += wrong.*field == 4096 ? 4096 : 1;
        EXPECT_FALSE(holds(wrong));
    }
}

TEST_F(log_reader, B3_a_position_of_another_page_size_is_another_generation) {
    wal::position p = whole();
    p.page_size = 8192;
    EXPECT_EQ(read(p, size()).what, outcome::restarted);
}

TEST_F(log_reader, A2_a_header_that_does_not_validate_is_an_error_that_names_the_file) {
    io::bytes damaged = tests::slurp(path + "-wal");
    damaged[25] ^= 1U;
    tests::spill(dir.file("bad"), damaged);
    wal::log_reader bad(files, dir.file("bad"));
    const auto head = bad.open();
    ASSERT_FALSE(head.has_value());
    EXPECT_EQ(head.error().code, io::errc::corrupt);
    EXPECT_EQ(head.error().about, io::subject::database);
    EXPECT_NE(head.error().context.find(dir.file("bad")), std::string::npos);
    const auto got = bad.read(wal::position{1, 2, 4096, false, 32, {}}, 4152, no_limit);
    ASSERT_FALSE(got.has_value());
    EXPECT_EQ(got.error().code, io::errc::corrupt);
}

TEST_F(log_reader, no_log_is_an_empty_one) {
    wal::log_reader none(files, dir.file("none-wal"));
    const auto head = none.open();
    ASSERT_TRUE(head.has_value());
    EXPECT_FALSE(head->has_value());
    wal::position p{1, 2, 4096, false, 32, {}};
    EXPECT_FALSE(*none.holds(p, false));
}

TEST_F(log_reader, a_page_is_read_whole_or_not_at_all) {
    const auto all = read(wal::start_of(header()), size());
    io::bytes page(4096);
    for (const auto& place : all.batch.pages()) EXPECT_TRUE(log.read_page(place.offset, page).has_value());
    const auto cut = log.read_page(size() - 4095, page);
    ASSERT_FALSE(cut.has_value());
    EXPECT_EQ(cut.error().code, io::errc::io_failure);
    EXPECT_EQ(cut.error().about, io::subject::database);
}

// A failed read is never the end of the log.
TEST_F(log_reader, B5_a_failed_read_is_an_error) {
    tests::spoiled_files disk;
    wal::log_reader bad(disk, path + "-wal");
    auto head = bad.open();
    ASSERT_TRUE(head.has_value() && head->has_value());
    const wal::position start = wal::start_of(**head);
    wal::position end = whole();
    // Each of the reads in turn: the header, the frames.
    for (int fails = 0; fails < 2; ++fails) {
        int reads = 0;
        disk.spoil = [&](const std::string& call, const std::string&) { return call == "read" && reads++ == fails ? EIO : 0; };
        const auto got = bad.read(start, size(), no_limit);
        ASSERT_FALSE(got.has_value()) << fails;
        EXPECT_EQ(got.error().code, io::errc::io_failure);
        EXPECT_EQ(got.error().about, io::subject::database);
        EXPECT_GT(reads, fails);
    }
    disk.spoil = [](const std::string& call, const std::string&) { return call == "read" ? EIO : 0; };
    EXPECT_FALSE(bad.holds(end, false).has_value());
    EXPECT_FALSE(bad.open().has_value());
}

}  // namespace
