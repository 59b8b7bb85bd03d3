// What we write, restored by stock Litestream's own reader: byte for byte what we restore ourselves.
#include <gtest/gtest.h>

#include "tests/interop/fixture.h"

namespace {

constexpr std::int64_t lock_byte = 0x40000000;

class litestream : public interop::with_litestream {};

TEST_F(litestream, restores_plain_commits) {
    begin();
    for (int i = 0; i < 10; ++i) commit("INSERT INTO t(x) VALUES('row " + std::to_string(i) + "')");
    commit("UPDATE t SET x='changed' WHERE id=3");
    expect_all_restored_alike();
}

// Also pages that were allocated and freed within one transaction, which SQLite never writes to its log.
TEST_F(litestream, restores_growth_and_pages_the_log_never_carried) {
    begin();
    for (int i = 0; i < 6; ++i) grow(40, 3000);
    commit("BEGIN; CREATE TABLE scratch(x); WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<50) INSERT INTO scratch SELECT "
           "randomblob(4000) FROM n; DROP TABLE scratch; INSERT INTO t(x) VALUES('beyond'); COMMIT");
    EXPECT_GE(run->count("handed_off"), 1U);
    expect_all_restored_alike();
}

TEST_F(litestream, restores_a_vacuum_that_shrinks) {
    begin();
    grow(200, 3000);
    commit("DELETE FROM t WHERE id % 10 != 0");
    commit("VACUUM");
    grow(5, 3000);
    expect_all_restored_alike();
}

TEST_F(litestream, restores_a_snapshot_and_what_follows_it) {
    begin();
    grow(50, 3000);
    const auto made = tests::flotilla({"snapshot", "app.db", "--state", dir.file("state")});
    ASSERT_EQ(made.code, 0) << made.err;
    grow(5, 3000);
    expect_all_restored_alike();
}

// On S3 a snapshot of this size is a multipart upload of a dozen parts.
TEST_F(litestream, restores_a_snapshot_of_a_hundred_megabytes) {
    app = std::make_unique<tests::app>(db);
    app->run("CREATE TABLE t(id INTEGER PRIMARY KEY, x BLOB)");
    app->run("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<1000) INSERT INTO t(x) SELECT randomblob(100000) FROM n");
    follow();
    grow(5, 3000);
    EXPECT_EQ(tests::app(expect_restored_alike()).number("SELECT count(*) FROM t"), 1005);
}

// The page over byte 2^30 is in no object. A snapshot ends before it, an increment crosses it, a snapshot goes beyond.
TEST_F(litestream, restores_a_database_beyond_one_gibibyte) {
    app = std::make_unique<tests::app>(db);
    app->run("PRAGMA page_size=65536; PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; CREATE TABLE t(id INTEGER PRIMARY KEY, x BLOB)");
    app->run("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<1060) INSERT INTO t(x) SELECT zeroblob(1000000) FROM n");
    follow();
    const auto size = [&] { return app->number("PRAGMA page_count") * 65536; };
    EXPECT_LT(size(), lock_byte);
    grow(20, 1000000);
    EXPECT_GT(size(), lock_byte);
    commit("UPDATE t SET x='small' WHERE id BETWEEN 1050 AND 1065");
    EXPECT_EQ(tests::app(expect_restored_alike()).number("SELECT count(*) FROM t"), 1080);
    follow();
    const auto made = tests::flotilla({"snapshot", "app.db", "--state", dir.file("state")});
    ASSERT_EQ(made.code, 0) << made.err;
    grow(1, 1000);
    EXPECT_EQ(tests::app(expect_restored_alike()).number("SELECT count(*) FROM t"), 1081);
}

class litestream_page_sizes : public litestream, public testing::WithParamInterface<const char*> {};

TEST_P(litestream_page_sizes, are_restored) {
    begin(std::string("PRAGMA page_size=") + GetParam());
    for (int i = 0; i < 5; ++i) grow(20, 3000);
    commit("DELETE FROM t WHERE id % 3 = 0");
    commit("VACUUM");
    expect_all_restored_alike();
}

INSTANTIATE_TEST_SUITE_P(bytes, litestream_page_sizes, testing::Values("512", "1024", "2048", "4096", "8192", "16384", "32768", "65536"),
                         [](const auto& one) { return std::string(one.param); });

}  // namespace
