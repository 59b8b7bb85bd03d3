// What we write, restored by stock Litestream's own reader: byte for byte what we restore ourselves.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "tests/support/flotilla.h"
#include "tests/support/rgw.h"
#include "tests/support/sqlite.h"
#include "tests/support/temp_directory.h"

namespace {

namespace fs = std::filesystem;

std::string slurp(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

class litestream : public testing::Test {
protected:
    tests::temp_directory dir;
    std::string db = dir.file("app.db");
    std::string store = tests::store_of_test(dir.file("store"));
    std::unique_ptr<tests::watch> run;
    std::unique_ptr<tests::app> app;

    // A followed database: its snapshot is in the store, what is written now follows as increments.
    void begin(const std::string& pragmas = "") {
        app = std::make_unique<tests::app>(db);
        app->run(pragmas);
        app->run("PRAGMA journal_mode=WAL; CREATE TABLE IF NOT EXISTS t(id INTEGER PRIMARY KEY, x BLOB); INSERT INTO t(x) VALUES('first')");
        run = std::make_unique<tests::watch>(
            std::vector<std::string>{db, "--to", store, "--state", dir.file("state"), "--min-interval", "0", "--checkpoint-size", "64KiB"},
            dir.file("watch.log"));
        run->await("attached");
    }
    void commit(const std::string& sql) {
        run->await_after("confirmed", [&] { app->run(sql); });
    }
    void grow(int rows, int bytes) {
        commit("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<" + std::to_string(rows) +
               ") INSERT INTO t(x) SELECT randomblob(" + std::to_string(bytes) + ") FROM n");
    }
    // As Litestream takes it.
    std::string url_of(const std::string& stream) const {
        const std::size_t query = store.find('?');
        return query == std::string::npos ? "file://" + store + "/" + stream : store.substr(0, query) + "/" + stream + store.substr(query);
    }
    void expect_restored_alike() {
        EXPECT_EQ(run->stop(), 0) << run->log();
        const auto ours = tests::flotilla({"restore", "app.db", "--from", store, "-o", dir.file("ours.db")});
        ASSERT_EQ(ours.code, 0) << ours.err;
        const std::string cache = fs::path(std::getenv("FLOTILLA")).parent_path().string() + "/litestream";
        const auto theirs = tests::run_process(
            {FLOTILLA_TEST_DATA "/../support/litestream_restore.sh", cache, url_of("app.db"), dir.file("theirs.db")}, {}, {},
            tests::process::milliseconds(180'000));
        ASSERT_EQ(theirs.code, 0) << theirs.err;
        EXPECT_TRUE(slurp(dir.file("ours.db")) == slurp(dir.file("theirs.db"))) << "their restored file differs from ours";
        EXPECT_EQ(tests::dump(dir.file("theirs.db")), tests::dump(db));
    }
};

TEST_F(litestream, restores_plain_commits) {
    begin();
    for (int i = 0; i < 10; ++i) commit("INSERT INTO t(x) VALUES('row " + std::to_string(i) + "')");
    commit("UPDATE t SET x='changed' WHERE id=3");
    expect_restored_alike();
}

// Also pages that were allocated and freed within one transaction, which SQLite never writes to its log.
TEST_F(litestream, restores_growth_and_pages_the_log_never_carried) {
    begin();
    for (int i = 0; i < 6; ++i) grow(40, 3000);
    commit("BEGIN; CREATE TABLE scratch(x); WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<50) INSERT INTO scratch SELECT "
           "randomblob(4000) FROM n; DROP TABLE scratch; INSERT INTO t(x) VALUES('beyond'); COMMIT");
    EXPECT_GE(run->count("handed_off"), 1U);
    expect_restored_alike();
}

TEST_F(litestream, restores_a_vacuum_that_shrinks) {
    begin();
    grow(200, 3000);
    commit("DELETE FROM t WHERE id % 10 != 0");
    commit("VACUUM");
    grow(5, 3000);
    expect_restored_alike();
}

TEST_F(litestream, restores_a_snapshot_and_what_follows_it) {
    begin();
    grow(50, 3000);
    const auto made = tests::flotilla({"snapshot", "app.db", "--state", dir.file("state")});
    ASSERT_EQ(made.code, 0) << made.err;
    grow(5, 3000);
    expect_restored_alike();
}

// On S3 a snapshot of this size is a multipart upload.
TEST_F(litestream, restores_a_large_snapshot) {
    app = std::make_unique<tests::app>(db);
    app->run("PRAGMA journal_mode=WAL; CREATE TABLE t(id INTEGER PRIMARY KEY, x BLOB)");
    app->run("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<20000) INSERT INTO t(x) SELECT randomblob(1000) FROM n");
    begin();
    grow(5, 3000);
    expect_restored_alike();
}

class litestream_page_sizes : public litestream, public testing::WithParamInterface<const char*> {};

TEST_P(litestream_page_sizes, are_restored) {
    begin(std::string("PRAGMA page_size=") + GetParam());
    for (int i = 0; i < 5; ++i) grow(20, 3000);
    commit("DELETE FROM t WHERE id % 3 = 0");
    commit("VACUUM");
    expect_restored_alike();
}

INSTANTIATE_TEST_SUITE_P(bytes, litestream_page_sizes, testing::Values("512", "1024", "4096", "65536"), [](const auto& one) { return std::string(one.param); });

}  // namespace
