// `flotilla verify --live`: "equal" is said only when every byte of the live database is in the store.
#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>

#include "tests/e2e/fixture.h"

namespace {

using testing::HasSubstr;

class verify_live : public e2e::end_to_end {
protected:
    tests::outcome compare(const e2e::words& more = {}) {
        e2e::words arguments{"verify", "--live", "app.db", "--from", store, "--state", state};
        arguments.insert(arguments.end(), more.begin(), more.end());
        return tests::flotilla(std::move(arguments));
    }
    // A byte in the middle of a page, written past SQLite.
    void flip_byte(std::uint32_t pgno) {
        std::fstream file(db, std::ios::in | std::ios::out | std::ios::binary);
        file.seekg(4096 * (pgno - 1) + 2000);
        const char was = static_cast<char>(file.get());
        file.seekp(4096 * (pgno - 1) + 2000);
        file.put(static_cast<char>(was ^ 1));
        ASSERT_TRUE(file.good());
    }
    void fill() { tests::app(db).run("BEGIN; CREATE TABLE big(x); WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<200) INSERT INTO big SELECT randomblob(3000) FROM n; COMMIT"); }
};

TEST_F(verify_live, a_database_is_equal_while_its_application_writes) {
    create(db);
    auto run = follow(db);
    e2e::application writer("full_speed", db);
    for (int i = 0; i < 5; ++i) {
        writer.await_commits(20);
        const auto done = compare();
        EXPECT_EQ(done.code, 0) << done.out << done.err << run->log();
        EXPECT_THAT(done.out, HasSubstr("app.db: equal: TXID "));
    }
    const std::int64_t commits = writer.finish();
    EXPECT_EQ(run->stop(), 0) << run->log();
    expect_log(restore("app.db"), commits);
}

TEST_F(verify_live, one_byte_that_was_changed_behind_sqlites_back_is_found) {
    create(db);
    auto run = follow(db);
    run->await_after("confirmed", [&] { fill(); });
    // The application reads the page from the log as yet; it is in the file, too, and will be read from there when the log is restarted.
    tests::app(db).run("PRAGMA wal_checkpoint(PASSIVE)");
    ASSERT_EQ(compare().code, 0);
    flip_byte(100);
    const auto done = compare();
    EXPECT_EQ(done.code, 5) << done.out << done.err;
    EXPECT_THAT(done.out, HasSubstr("1 pages differ"));
    EXPECT_THAT(done.out, HasSubstr("the first are 100\n"));
    EXPECT_THAT(run->await("corruption").text, HasSubstr("page 100"));
    const auto json = compare({"--json"});
    EXPECT_EQ(json.code, 5);
    EXPECT_THAT(json.out, HasSubstr(R"("equal":false)"));
    EXPECT_THAT(json.out, HasSubstr(R"("first_differing":["100"])"));
    // The store has the page as it was, and says so: the damage is here.
    EXPECT_EQ(run->stop(), 0) << run->log();
    expect_verified();
}

TEST_F(verify_live, without_a_watch_the_database_itself_is_read_and_nothing_is_written) {
    create(db);
    auto app = std::make_unique<tests::app>(db);  // as long as it is open, SQLite leaves the log where it is
    app->run("PRAGMA wal_autocheckpoint=0");
    auto run = follow(db);
    run->await_after("confirmed", [&] { fill(); });
    EXPECT_EQ(run->stop(), 0) << run->log();
    const auto same = compare();
    EXPECT_EQ(same.code, 0) << same.out << same.err;
    EXPECT_THAT(same.out, HasSubstr("app.db: equal: TXID "));
    app->run("INSERT INTO t(x) VALUES('nobody saw this')");
    const auto other = compare();
    EXPECT_EQ(other.code, 5) << other.out;
    EXPECT_THAT(other.err, HasSubstr("no watch is running"));
    // What it did is no reason for the next watch to ship anything but that commit.
    run = follow(db);
    EXPECT_EQ(run->count("reanchored"), 0U) << run->log();
    EXPECT_EQ(compare().code, 0);
    EXPECT_EQ(run->stop(), 0) << run->log();
    app.reset();
    tests::app(db).run("PRAGMA wal_checkpoint(TRUNCATE)");
    EXPECT_EQ(compare().code, 0) << "all of it is in the file now, and the log is gone";
    flip_byte(100);
    const auto damaged = compare();
    EXPECT_EQ(damaged.code, 5) << damaged.out << damaged.err;
    EXPECT_THAT(damaged.out, HasSubstr("the first are 100"));
}

TEST_F(verify_live, a_store_in_doubt_is_not_equal_to_anything) {
    create(db);
    auto run = follow(db);
    for (int i = 0; i < 3; ++i) run->await_after("confirmed", [&] { tests::app(db).run("INSERT INTO t(x) VALUES('a')"); });
    tests::store_access files(store);
    files.remove(files.key("app.db", run->events("confirmed").back().txid - 1));
    const auto done = compare();
    EXPECT_EQ(done.code, 5) << done.out << done.err;
    EXPECT_THAT(done.out, HasSubstr("app.db: NOT EQUAL"));
    EXPECT_THAT(done.out, testing::Not(HasSubstr("equal:")));
    (void)run->stop();
}

TEST_F(verify_live, what_is_not_there_is_named) {
    create(db);
    make_store();
    const auto nobody = compare();
    EXPECT_EQ(nobody.code, 2) << nobody.err;
    auto run = follow(db);
    EXPECT_EQ(run->stop(), 0);
    const auto whole = tests::flotilla({"verify", "--live", "--from", store, "--state", state});
    EXPECT_EQ(whole.code, 2) << whole.err;
    EXPECT_THAT(whole.err, HasSubstr("verify --live NAME"));
    const auto other = tests::flotilla({"verify", "--live", "other.db", "--from", store, "--state", state});
    EXPECT_EQ(other.code, 2) << other.err;
    EXPECT_THAT(other.err, HasSubstr("other.db"));
    // The store comes from state.db if nobody says it.
    const auto known = tests::flotilla({"verify", "--live", "app.db", "--state", state});
    if (!on_s3()) EXPECT_EQ(known.code, 0) << known.out << known.err;
}

}  // namespace
