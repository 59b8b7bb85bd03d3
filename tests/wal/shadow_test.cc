// Segments of real logs: whatever end the process came to, what was durable is read again as the log had it, and nothing else is.
#include "wal/shadow.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <filesystem>
#include <fstream>

#include "io/hex.h"
#include "io/posix_file_system.h"
#include "tests/support/chain_builder.h"
#include "tests/support/spoiled_files.h"
#include "tests/support/sqlite.h"
#include "tests/support/temp_directory.h"

namespace {

namespace fs = std::filesystem;
constexpr std::uint64_t stream = 0xabcdef0123456789U;
constexpr std::int64_t now_ms = 1'700'000'000'000;

class shadow : public testing::Test {
protected:
    tests::temp_directory dir;
    const std::string path = dir.file("app.db");
    const std::string place = dir.file("shadow/" + io::hex16(stream));
    tests::spoiled_files files;
    tests::app db{path};
    wal::log_reader log{files, path + "-wal"};
    std::vector<io::error> troubles;  // of the last open()
    const wal::segment_base base{7, 99, 2};

    void SetUp() override {
        db.run("PRAGMA page_size=512; PRAGMA journal_mode=WAL; PRAGMA wal_autocheckpoint=0; CREATE TABLE t(x); INSERT INTO t VALUES(randomblob(900))");
        ASSERT_TRUE(log.open().has_value());
    }

    wal::shadow open() {
        auto got = wal::shadow::open(files, place, stream, now_ms);
        if (!got) throw std::runtime_error(got.error().context);
        troubles = std::move(got->troubles);
        return std::move(got->segments);
    }
    wal::header header() { return **log.current_header(); }
    wal::position start() { return wal::start_of(header()); }
    // Where the log ends.
    wal::position end() { return log.read(start(), UINT64_MAX, UINT64_MAX)->batch.end(); }
    void commit(int bytes = 300) { db.run("INSERT INTO t VALUES(randomblob(" + std::to_string(bytes) + "))"); }
    // What a handoff does to the log, when nobody writes.
    void restart() { db.run("PRAGMA wal_checkpoint(RESTART); INSERT INTO t VALUES(1)"); }
    void append(wal::shadow& to, const wal::position& from) {
        const auto done = to.append(log, base, from, end().offset);
        ASSERT_TRUE(done.has_value()) << done.error().context;
    }
    io::bytes frames_of_log(const wal::position& from, std::uint64_t to) {
        const io::bytes all = tests::slurp(path + "-wal");
        return {all.begin() + static_cast<std::ptrdiff_t>(from.offset), all.begin() + static_cast<std::ptrdiff_t>(to)};
    }
    io::bytes frames_of(const wal::shadow& in, std::size_t i = 0) {
        auto reader = in.reader(in.segments()[i]);
        io::bytes out;
        EXPECT_TRUE(reader->read_some(in.segments()[i].head.start.offset, 1U << 30U, out).has_value());
        return out;
    }
    // Of the segment's file.
    std::string file(std::uint64_t number) const { return place + "/" + io::hex16(number); }
    std::size_t count_of(const std::string& what) const {
        std::size_t n = 0;
        for (const auto& each : fs::directory_iterator(place)) n += each.path().string().find(what) != std::string::npos;
        return n;
    }
};

TEST_F(shadow, what_was_copied_reads_as_the_log_did_after_the_log_is_gone) {
    wal::shadow here = open();
    const wal::position from = end();
    commit();
    commit(5000);
    append(here, from);
    const wal::position to = end();
    const io::bytes frames = frames_of_log(from, to.offset);
    auto before = log.read(from, to.offset, UINT64_MAX);
    restart();
    ASSERT_TRUE(here.seal(header(), true).has_value());

    wal::shadow again = open();
    EXPECT_TRUE(troubles.empty());
    ASSERT_EQ(again.segments().size(), 1U);
    const wal::segment& got = again.segments().front();
    EXPECT_EQ(got.head.start, from);
    EXPECT_EQ(got.end, to);
    EXPECT_EQ(got.head.base, base);
    ASSERT_TRUE(got.seal.has_value());
    EXPECT_TRUE(got.seal->own_frame_first);
    EXPECT_EQ(got.after(), start());
    EXPECT_EQ(frames_of(again), frames);
    EXPECT_EQ(again.bytes(), fs::file_size(got.path));
    auto reader = again.reader(got);
    auto read = reader->read(from, got.end.offset, UINT64_MAX);
    ASSERT_TRUE(read.has_value());
    EXPECT_EQ(read->what, wal::log_reader::outcome::read);
    EXPECT_EQ(read->batch.frames(), before->batch.frames());
    ASSERT_EQ(read->batch.pages().size(), before->batch.pages().size());
    for (std::size_t i = 0; i < read->batch.pages().size(); ++i) EXPECT_EQ(read->batch.pages()[i].offset, before->batch.pages()[i].offset) << "offsets are the log's";
}

}  // namespace
