// What becomes of a database while it is followed, and while nobody is there: replaced, deleted, taken out of WAL mode.
#include <filesystem>

#include "tests/e2e/fixture.h"

namespace e2e {
namespace {

namespace fs = std::filesystem;

class life : public end_to_end {
protected:
    void add(const std::string& value) { tests::app(db).run("INSERT INTO t(x) VALUES('" + value + "')"); }
    void remove_database() {
        fs::remove(db);
        fs::remove(db + "-wal");
        fs::remove(db + "-shm");
    }
    // Another database with rows of its own, and no log beside it.
    void create_other(const std::string& path) {
        create(path);
        tests::app(path).run("INSERT INTO t(x) VALUES('of another file'); CREATE TABLE other(y)");
    }
};

TEST_F(life, B11_B12_wal_mode_cannot_be_left_under_us_and_the_mode_is_never_changed) {
    create(db);
    auto run = follow(db);
    tests::app app(db, 100);
    EXPECT_THROW(app.run("PRAGMA journal_mode=DELETE"), std::runtime_error);
    EXPECT_EQ(app.text("PRAGMA journal_mode"), "wal");
    run->await_after("confirmed", [&] { app.run("INSERT INTO t(x) VALUES('still here')"); });
    EXPECT_EQ(run->stop(), 0) << run->log();
    EXPECT_EQ(app.text("PRAGMA journal_mode"), "wal");
    expect_same_rows("app.db", db);
}

TEST_F(life, wal_mode_left_while_we_are_stopped_is_refused_and_followed_once_it_is_back) {
    create(db);
    EXPECT_EQ(follow(db)->stop(), 0);
    {
        tests::app app(db);
        ASSERT_EQ(app.text("PRAGMA journal_mode=DELETE"), "delete");
        app.run("INSERT INTO t(x) VALUES('without a log')");
    }
    auto refused = start({db});
    EXPECT_EQ(refused->wait(), 3);
    EXPECT_NE(refused->log().find("journal_mode=WAL"), std::string::npos) << refused->log();
    tests::app app(db);
    ASSERT_EQ(app.text("PRAGMA journal_mode"), "delete") << "it is not for us to change it";
    ASSERT_EQ(app.text("PRAGMA journal_mode=WAL"), "wal");
    app.run("INSERT INTO t(x) VALUES('with a log again')");

    auto run = follow(db);
    EXPECT_EQ(run->count("reanchored"), 1U);
    run->await_after("confirmed", [&] { app.run("INSERT INTO t(x) VALUES('followed')"); });
    EXPECT_EQ(run->stop(), 0) << run->log();
    expect_same_rows("app.db", db);
    expect_verified();
}

TEST_F(life, deleted_and_created_again) {
    create(db);
    auto run = follow(db);
    run->await_after("confirmed", [&] { add("of the first life"); });
    const std::string first_life = tests::dump(db);
    const std::uint64_t last = run->events("confirmed").back().txid;
    run->await_after("detached", [&] { remove_database(); });
    run->await_after("attached", [&] { create_other(db); });
    run->await_after("confirmed", [&] { add("of the second life"); });
    EXPECT_EQ(run->stop(), 0) << run->log();
    EXPECT_EQ(run->count("reanchored"), 1U);
    expect_same_rows("app.db", db);
    EXPECT_EQ(tests::dump(restore("app.db", {"--txid", std::to_string(last)})), first_life);
    expect_verified();
}

TEST_F(life, replaced_by_rename) {
    create(db);
    auto run = follow(db);
    run->await_after("confirmed", [&] { add("of the first file"); });
    const std::string first = tests::dump(db);
    const std::uint64_t last = run->events("confirmed").back().txid;
    create_other(dir.file("next.db"));
    run->await_after("attached", [&] {
        fs::remove(db + "-wal");
        fs::remove(db + "-shm");
        fs::rename(dir.file("next.db"), db);
    });
    run->await_after("confirmed", [&] { add("of the second file"); });
    EXPECT_EQ(run->stop(), 0) << run->log();
    EXPECT_EQ(run->count("reanchored"), 1U);
    expect_same_rows("app.db", db);
    EXPECT_EQ(tests::dump(restore("app.db", {"--txid", std::to_string(last)})), first);
    expect_verified();
}

TEST_F(life, replaced_while_we_are_stopped) {
    create(db);
    auto run = follow(db);
    run->await_after("confirmed", [&] { add("of the first file"); });
    EXPECT_EQ(run->stop(), 0) << run->log();
    create_other(dir.file("next.db"));
    remove_database();
    fs::rename(dir.file("next.db"), db);
    run = follow(db);
    EXPECT_EQ(run->count("reanchored"), 1U);
    run->await_after("confirmed", [&] { add("of the second file"); });
    EXPECT_EQ(run->stop(), 0) << run->log();
    expect_same_rows("app.db", db);
    expect_verified();
}

// VACUUM with another page size, which WAL mode does not allow, is done outside of it: the stream begins anew with other pages.
TEST_F(life, another_page_size_while_we_are_stopped) {
    create(db);
    EXPECT_EQ(follow(db)->stop(), 0);
    tests::app app(db);
    app.run("PRAGMA journal_mode=DELETE; PRAGMA page_size=8192; VACUUM; PRAGMA journal_mode=WAL; INSERT INTO t(x) VALUES('on a large page')");
    auto run = follow(db);
    run->await_after("confirmed", [&] { app.run("INSERT INTO t(x) VALUES('followed')"); });
    EXPECT_EQ(run->stop(), 0) << run->log();
    expect_same_rows("app.db", db);
    expect_verified();
}

}  // namespace
}  // namespace e2e
