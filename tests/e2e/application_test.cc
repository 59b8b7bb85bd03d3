// The application whose database is followed is not hurt: not its writes, not its schema and settings, not its log, not when it or flotilla
// ends first.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <functional>

#include "tests/e2e/fixture.h"
#include "tests/support/chain_builder.h"

namespace {

using e2e::words;
using testing::HasSubstr;

double milliseconds_since(std::chrono::steady_clock::time_point then) {
    return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - then).count();
}

// What an application meets that never waits for a lock.
struct impatience {
    int commits = 0;
    int waits = 0;         // commits that found the database locked at first
    double longest = 0;    // of these, ms
};

// Commits so many small transactions, in bursts; a locked database is tried again at once. Any other error throws.
impatience commit_without_waiting(const std::string& path, int commits, const std::function<void()>& breathe) {
    tests::app db(path, 0);
    impatience out;
    for (; out.commits < commits; ++out.commits) {
        const auto began = std::chrono::steady_clock::now();
        bool waited = false;
        const char* sql = "INSERT INTO t(x) VALUES(hex(randomblob(200)))";
        while (sqlite3_exec(db.handle(), sql, nullptr, nullptr, nullptr) != SQLITE_OK) {
            if ((sqlite3_extended_errcode(db.handle()) & 0xff) != SQLITE_BUSY) throw std::runtime_error(sqlite3_errmsg(db.handle()));
            waited = true;
        }
        out.waits += waited;
        if (waited) out.longest = std::max(out.longest, milliseconds_since(began));
        if (out.commits % 50 == 49) breathe();
    }
    return out;
}

class application_test : public e2e::end_to_end {
protected:
    // How long each handoff kept writers out, ms, ascending.
    static std::vector<double> holds(const tests::watch& run) {
        std::vector<double> out;
        for (const auto& each : run.events("handed_off")) {
            EXPECT_THAT(each.text, HasSubstr("kept out for "));
            out.push_back(std::stod(each.text.substr(each.text.find("for ") + 4)));
        }
        std::sort(out.begin(), out.end());
        return out;
    }

    // {busy, frames in the log, frames checkpointed}
    static std::vector<std::int64_t> checkpoint(tests::app& db, const std::string& mode) {
        std::vector<std::int64_t> out;
        const auto take = [](void* into, int count, char** values, char**) {
            for (int i = 0; i < count; ++i) static_cast<std::vector<std::int64_t>*>(into)->push_back(std::stoll(values[i]));
            return 0;
        };
        const std::string sql = "PRAGMA wal_checkpoint(" + mode + ")";
        if (sqlite3_exec(db.handle(), sql.c_str(), take, &out, nullptr) != SQLITE_OK) throw std::runtime_error(sqlite3_errmsg(db.handle()));
        return out;
    }

    static std::string settings_of(const std::string& path) {
        tests::app db(path);
        std::string out;
        for (const char* name :
             {"journal_mode", "page_size", "page_count", "user_version", "application_id", "auto_vacuum", "encoding", "schema_version"}) {
            out += fmt::format("{}={} ", name, db.text(std::string("PRAGMA ") + name));
        }
        return out;
    }

    words beside_database() const {
        words out;
        for (const auto& name : tests::names_in(dir.path())) {
            if (name.starts_with("app.db")) out.push_back(name);
        }
        return out;
    }
};

TEST_F(application_test, its_writes_succeed_and_meet_a_lock_only_while_the_log_is_handed_off) {
    create(db);
    const impatience alone = commit_without_waiting(db, 3000, [] {});
    EXPECT_EQ(alone.waits, 0);
    const auto run = follow(db, {"--checkpoint-size", "64KiB"});
    tests::app other(db);  // so that flotilla is never far behind
    const auto breathe = [&] { run->await_after("confirmed", [&] { other.run("INSERT INTO t(x) VALUES('a breath')"); }); };
    const impatience beside = commit_without_waiting(db, 3000, breathe);
    EXPECT_EQ(run->stop(), 0);
    const auto held = holds(*run);
    ASSERT_GE(held.size(), 3U) << "the log was handed off too rarely to say anything";
    fmt::print("3000 commits without a busy timeout: {} met a lock, the longest for {:.1f} ms; {} handoffs kept writers out for p50 {:.1f} ms, "
               "max {:.1f} ms\n",
               beside.waits, beside.longest, held.size(), held[held.size() / 2], held.back());
    // A handoff takes the lock, and once more if a writer came first; some were begun and put off, without an event.
    EXPECT_LE(static_cast<std::size_t>(beside.waits), 4 * held.size() + 4);
    EXPECT_EQ(tests::app(db).number("SELECT count(*) FROM t"), 2 + 3000 + 3000 + 60);
    EXPECT_EQ(tests::app(db).text("PRAGMA integrity_check"), "ok");
    expect_same_rows("app.db", db);
}

TEST_F(application_test, with_a_busy_timeout_it_notices_nothing) {
    create(db);
    const auto run = follow(db, {"--checkpoint-size", "64KiB"});
    tests::app one(db);
    tests::app two(db);
    while (run->count("handed_off") < 5) {  // either throws if a statement of its fails
        run->await_after("confirmed", [&] {
            for (int k = 0; k < 20; ++k) (k % 2 == 0 ? one : two).run("INSERT INTO t(x) VALUES(hex(randomblob(1000)))");
        });
    }
    EXPECT_EQ(run->stop(), 0);
    EXPECT_EQ(tests::app(db).text("PRAGMA integrity_check"), "ok");
}

// The same statements on two databases, one of them followed: page for page the same files, but for the change counters.
TEST_F(application_test, its_schema_settings_and_pages_are_untouched) {
    const std::string twin = dir.file("twin.db");
    for (const auto& path : {db, twin}) {
        create(path, "PRAGMA page_size=8192; PRAGMA auto_vacuum=INCREMENTAL; PRAGMA user_version=7; PRAGMA application_id=42;");
    }
    const auto run = follow(db, {"--checkpoint-size", "64KiB"});
    {
        tests::app followed(db);
        tests::app alone(twin);
        for (int i = 0; i < 400; ++i) {
            const std::string sql = i % 50 == 49 ? "DELETE FROM t WHERE id%3=0; PRAGMA incremental_vacuum; PRAGMA user_version=" + std::to_string(i)
                                                 : fmt::format("INSERT INTO t(x) VALUES(printf('%0{}d', {}))", 100 + i * 7 % 2000, i);
            followed.run(sql);
            alone.run(sql);
        }
        run->await("handed_off", 2);
        EXPECT_EQ(settings_of(db), settings_of(twin));
        EXPECT_EQ(tests::dump(db), tests::dump(twin));
    }
    EXPECT_EQ(run->stop(), 0);
    for (const auto& path : {db, twin}) tests::app(path).run("PRAGMA wal_checkpoint(TRUNCATE)");
    EXPECT_EQ(settings_of(db), settings_of(twin));
    EXPECT_TRUE(e2e::same_pages(db, twin));
    EXPECT_EQ(beside_database(), words{"app.db"}) << "nothing of ours is left beside it";
}

TEST_F(application_test, data_version_says_what_it_always_said) {
    create(db);
    const auto run = follow(db);
    tests::app one(db);
    tests::app two(db);
    const auto before = one.number("PRAGMA data_version");
    run->await_after("confirmed", [&] { one.run("INSERT INTO t(x) VALUES('its own commit')"); });
    EXPECT_EQ(one.number("PRAGMA data_version"), before) << "being followed is no change";
    run->await_after("confirmed", [&] { two.run("INSERT INTO t(x) VALUES('of another connection')"); });
    EXPECT_NE(one.number("PRAGMA data_version"), before);
    EXPECT_EQ(run->stop(), 0);
}

TEST_F(application_test, its_log_does_not_grow_without_bound) {
    create(db);
    const auto run = follow(db, {"--checkpoint-size", "256KiB"});
    tests::app app(db);
    std::uintmax_t longest = 0;
    for (int i = 0; i < 100; ++i) {  // 12 MB; never further ahead than one commit, that is, flotilla keeps up
        run->await_after("confirmed", [&] { app.run("INSERT INTO t(x) VALUES(hex(randomblob(60000)))"); });
        longest = std::max(longest, std::filesystem::file_size(db + "-wal"));
    }
    fmt::print("12 MB committed with --checkpoint-size 256KiB: the log was at most {} KiB long\n", longest >> 10U);
    EXPECT_LT(longest, 4 * 256U << 10U);
    EXPECT_EQ(run->stop(), 0);
}

TEST_F(application_test, it_goes_on_and_checkpoints_when_flotilla_is_killed) {
    create(db);
    const auto run = follow(db);
    {
        tests::app app(db, 200);
        app.run("INSERT INTO t(x) VALUES('while followed')");
        EXPECT_EQ(checkpoint(app, "PASSIVE")[0], 0);
        EXPECT_EQ(checkpoint(app, "TRUNCATE")[0], 1) << "the log is pinned: busy, after the application's own timeout";
        app.run("INSERT INTO t(x) VALUES('and it can still write')");
        EXPECT_EQ(run->kill(), 128 + SIGKILL);
        app.run("INSERT INTO t(x) VALUES('after the kill')");
        EXPECT_EQ(checkpoint(app, "TRUNCATE"), (std::vector<std::int64_t>{0, 0, 0}));
        EXPECT_EQ(std::filesystem::file_size(db + "-wal"), 0U);
        EXPECT_EQ(app.text("PRAGMA integrity_check"), "ok");
        EXPECT_EQ(app.number("SELECT count(*) FROM sqlite_schema"), 1);
        EXPECT_EQ(app.number("SELECT count(*) FROM t"), 5);
    }
    EXPECT_EQ(beside_database(), words{"app.db"});
    const auto again = follow(db);
    EXPECT_EQ(again->stop(), 0);
    expect_same_rows("app.db", db);
    expect_verified();
}

TEST_F(application_test, it_closes_its_last_connection_while_the_log_is_pinned) {
    create(db);
    const auto run = follow(db, {"--checkpoint-size", "64KiB"});
    for (int round = 0; round < 20; ++round) {
        tests::app app(db);  // opens and closes; each close is the application's last
        for (int i = 0; i < 5; ++i) app.run("INSERT INTO t(x) VALUES(hex(randomblob(3000)))");
        EXPECT_EQ(app.number("SELECT count(*) FROM t"), 2 + (round + 1) * 5);
    }
    run->await("handed_off");
    EXPECT_EQ(run->stop(), 0);
    EXPECT_EQ(run->count("reanchored"), 0U);
    EXPECT_EQ(tests::app(db).text("PRAGMA integrity_check"), "ok");
    expect_same_rows("app.db", db);
    EXPECT_EQ(beside_database(), words{"app.db"}) << "the last one to close has tidied up";
}

}  // namespace
