// The wal-index as real SQLite writes it: a copy of a -shm file, read the way it stands.
#include "wal/wal_index.h"

#include <gtest/gtest.h>

#include <cstring>

#include "tests/support/chain_builder.h"
#include "tests/support/sqlite.h"
#include "tests/support/temp_directory.h"
#include "wal/format.h"

namespace {

// In a test it may be opened otherwise: slurp's close() drops this process's locks on it, but nobody else is there.
io::bytes index_of(const std::string& path) {
    io::bytes out = tests::slurp(path + "-shm");
    out.resize(wal::wal_index_bytes);
    return out;
}

class real_index : public testing::TestWithParam<std::uint32_t> {
protected:
    tests::temp_directory dir;
    const std::string path = dir.file("app.db");
};

TEST_P(real_index, says_what_sqlite_did) {
    tests::app db(path);
    db.run("PRAGMA page_size=" + std::to_string(GetParam()) + "; PRAGMA journal_mode=WAL; PRAGMA wal_autocheckpoint=0; CREATE TABLE t(x)");
    const auto first = wal::parse_wal_index(index_of(path));
    ASSERT_TRUE(first.has_value());
    const auto head = wal::decode_header(tests::slurp(path + "-wal"));
    ASSERT_TRUE(head.has_value() && head->has_value());
    EXPECT_EQ(first->page_size, GetParam());
    EXPECT_EQ(first->salt1, (*head)->salt1);
    EXPECT_EQ(first->salt2, (*head)->salt2);
    EXPECT_EQ(first->page_count, 2U);
    EXPECT_EQ(first->backfilled, 0U);
    EXPECT_EQ(wal::frame_offset(std::uint64_t{first->max_frame} + 1, GetParam()), tests::slurp(path + "-wal").size());

    db.run("INSERT INTO t VALUES(1); PRAGMA wal_checkpoint(PASSIVE)");
    const auto then = wal::parse_wal_index(index_of(path));
    ASSERT_TRUE(then.has_value());
    EXPECT_EQ(then->max_frame, first->max_frame + 1);
    EXPECT_EQ(then->backfilled, then->max_frame);

    db.run("PRAGMA wal_checkpoint(TRUNCATE)");
    const auto between = wal::parse_wal_index(index_of(path));
    ASSERT_TRUE(between.has_value());
    EXPECT_EQ(between->max_frame, 0U);
}

INSTANTIATE_TEST_SUITE_P(page_sizes, real_index, testing::Values(512, 4096, 65536));

TEST(wal_index, a_torn_or_missing_copy_is_not_believed) {
    tests::temp_directory dir;
    tests::app db(dir.file("app.db"));
    db.run("PRAGMA journal_mode=WAL; CREATE TABLE t(x)");
    const io::bytes good = index_of(dir.file("app.db"));
    ASSERT_TRUE(wal::parse_wal_index(good).has_value());
    EXPECT_FALSE(wal::parse_wal_index(io::byte_view(good).first(wal::wal_index_bytes - 1)).has_value());
    EXPECT_FALSE(wal::parse_wal_index(io::bytes(wal::wal_index_bytes, 0)).has_value());
    for (std::size_t at = 0; at < 2 * wal::wal_index_header_bytes; ++at) {
        io::bytes torn = good;
        torn[at] ^= 0x40U;
        EXPECT_FALSE(wal::parse_wal_index(torn).has_value()) << at;
        // Both copies alike, but not what the checksum is of.
        const std::size_t twin = (at + wal::wal_index_header_bytes) % (2 * wal::wal_index_header_bytes);
        torn[twin] ^= 0x40U;
        EXPECT_FALSE(wal::parse_wal_index(torn).has_value()) << at;
    }
}

}  // namespace
