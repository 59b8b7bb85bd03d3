// What a user gets wrong, and what a machine does to him: each is an error with the right exit code that names the thing, what is wrong and
// what to do; nothing is lost or overwritten.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <random>

#include "tests/e2e/fixture.h"
#include "tests/support/chain_builder.h"
#include "tests/support/small_disk.h"

namespace {

using e2e::words;
using testing::HasSubstr;
using testing::Not;

io::bytes noise(std::size_t size) {
    std::mt19937 dice(7);
    io::bytes out(size);
    for (auto& byte : out) byte = static_cast<std::uint8_t>(dice());
    return out;
}

std::string shown(const words& arguments) {
    std::string out = "flotilla";
    for (const auto& each : arguments) out += " " + each;
    return out;
}

class bad_input : public e2e::end_to_end {
protected:
    words watching(words what) const {
        words out{"watch", "--to", store, "--state", state};
        out.insert(out.end(), what.begin(), what.end());
        return out;
    }

    // The program ends by itself with this code, and says all of these words.
    static void expect_error(const words& arguments, int code, const words& says, const tests::process_options& how = {}) {
        SCOPED_TRACE(shown(arguments));
        const auto done = tests::flotilla(arguments, how);
        EXPECT_EQ(done.code, code) << done.err;
        for (const auto& each : says) EXPECT_THAT(done.err, HasSubstr(each));
        EXPECT_THAT(done.err, Not(HasSubstr("internal error")));
    }

    // As above for a database that cannot be followed; whatever is at `path` must be as it was, and nothing beside it.
    void expect_refused(const std::string& path, const words& says) {
        const io::bytes before = tests::slurp(path);
        const auto beside = tests::names_in(std::filesystem::path(path).parent_path());
        expect_error(watching({path}), 3, says);
        EXPECT_TRUE(tests::slurp(path) == before) << path << " was changed";
        EXPECT_EQ(tests::names_in(std::filesystem::path(path).parent_path()), beside);
        EXPECT_FALSE(has_stream(std::filesystem::path(path).filename().string())) << "a stream was begun";
    }

    // A stream in the store, from a watch that has ended.
    void make_backup() {
        create(db);
        auto run = follow(db);
        tests::app(db).run("INSERT INTO t(x) VALUES('third')");
        run->await("confirmed", 2);
        ASSERT_EQ(run->stop(), 0);
    }

    std::string restored = dir.file("out.db");
    words restoring(words more = {}) const {
        words out{"restore", "app.db", "--from", store, "-o", restored};
        out.insert(out.end(), more.begin(), more.end());
        return out;
    }
};

// Databases: exit 3.

TEST_F(bad_input, a_database_that_is_none) {
    struct {
        const char* name;
        io::bytes contents;
        words says;
    } const each[] = {
        {"text.db", io::bytes(3000, 'x'), {"text.db", "not an SQLite database, or it is encrypted"}},
        {"short.db", io::bytes(9, 'x'), {"short.db", "not an SQLite database"}},
        {"encrypted.db", noise(8192), {"encrypted.db", "not an SQLite database, or it is encrypted"}},
        {"empty.db", {}, {"empty.db", "is empty", "PRAGMA journal_mode=WAL"}},
    };
    std::filesystem::create_directories(dir.file("data"));
    for (const auto& one : each) {
        const std::string path = dir.file(std::string("data/") + one.name);
        tests::spill(path, one.contents);
        expect_refused(path, one.says);
    }
}

TEST_F(bad_input, a_database_whose_first_page_is_damaged) {
    std::filesystem::create_directories(dir.file("data"));
    const std::string path = dir.file("data/damaged.db");
    create(path);
    io::bytes damaged = tests::slurp(path);
    for (std::size_t at = 16; at < 512; ++at) damaged[at] = 0xff;
    tests::spill(path, damaged);
    expect_refused(path, {"damaged.db", "database"});
}

TEST_F(bad_input, a_database_that_is_not_there) {
    expect_error(watching({dir.file("missing.db")}), 3, {"missing.db", "No such file"});
    EXPECT_FALSE(std::filesystem::exists(dir.file("missing.db"))) << "nothing is created";
    create(db);
    expect_error(watching({db + "/below.db"}), 3, {"app.db/below.db", "Not a directory"});
    expect_error(watching({dir.file("*.sqlite")}), 2, {"*.sqlite", "matches nothing"});
}

TEST_F(bad_input, B11_a_database_in_another_journal_mode_keeps_it) {
    std::filesystem::create_directories(dir.file("data"));
    for (const char* mode : {"delete", "truncate", "persist"}) {
        const std::string path = dir.file(std::string("data/") + mode + ".db");
        tests::app(path).run(fmt::format("PRAGMA journal_mode={}; CREATE TABLE t(x)", mode));
        expect_refused(path, {path, "journal mode \"delete\"", "PRAGMA journal_mode=WAL"});
        EXPECT_EQ(tests::app(path).text("PRAGMA journal_mode"), "delete");
    }
}

TEST_F(bad_input, a_database_that_an_application_keeps_for_itself) {
    create(db);
    tests::app selfish(db);
    selfish.run("PRAGMA locking_mode=EXCLUSIVE; INSERT INTO t(x) VALUES('mine alone')");
    expect_error(watching({db}), 3, {db, "locked"});
    selfish.run("INSERT INTO t(x) VALUES('still')");
}

TEST_F(bad_input, one_bad_database_among_good_ones_is_named_and_nothing_is_followed) {
    create(db);
    tests::spill(dir.file("bad.db"), noise(4096));
    expect_error(watching({db, dir.file("bad.db")}), 3, {"bad.db", "not an SQLite database"});
    EXPECT_FALSE(has_stream("app.db"));
}

TEST_F(bad_input, a_database_on_a_read_only_file_system) {
    tests::small_disk disk(dir.file("mount"), 4U << 20U);
    create(disk.file("closed.db"));
    {
        create(db);
        tests::app open(db);  // keeps the log from being removed
        open.run("INSERT INTO t(x) VALUES('third')");
        for (const char* part : {"", "-wal", "-shm"}) std::filesystem::copy(db + part, disk.file("left.db") + part);
    }
    disk.make_read_only();
    expect_error(watching({disk.file("closed.db")}), 3, {"closed.db", "flotilla needs to"});
    expect_error(watching({disk.file("left.db")}), 3, {"left.db", "flotilla needs to"});
}

// As another user, who may not do everything that root may.
class bad_permissions : public bad_input {
protected:
    std::string program = dir.file("flotilla");
    std::string data = dir.file("data");

    bad_permissions() {
        std::filesystem::copy(std::getenv("FLOTILLA"), program);
        std::filesystem::create_directories(data);
        for (const auto& path : {dir.path(), program, data}) ::chmod(path.c_str(), 0755);
        for (const auto& path : {store, state, dir.file("home")}) {
            std::filesystem::create_directories(path);
            ::chmod(path.c_str(), 0777);
        }
    }

    void expect_error_as_nobody(const words& arguments, int code, const words& says) {
        SCOPED_TRACE(shown(arguments));
        words command;
        if (::geteuid() == 0) command = {"setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"};
        command.push_back(program);
        command.insert(command.end(), arguments.begin(), arguments.end());
        tests::process_options how{{}, tests::channel::pipe(), tests::channel::pipe(), "/", {}};
        how.environment = {{"HOME", dir.file("home")}, {"XDG_STATE_HOME", std::nullopt}};
        const auto done = tests::run_process(command, how);
        EXPECT_EQ(done.code, code) << done.err;
        for (const auto& each : says) EXPECT_THAT(done.err, HasSubstr(each));
    }
};

TEST_F(bad_permissions, a_database_that_may_not_be_read_or_written) {
    const std::string path = data + "/app.db";
    create(path);
    ::chmod(path.c_str(), 0);
    expect_error_as_nobody(watching({path}), 3, {path, "ermission"});
    ::chmod(path.c_str(), 0444);
    expect_error_as_nobody(watching({path}), 3, {path, "flotilla needs to"});
    const tests::app open(path);  // there are -wal and -shm now
    tests::app(path).run("INSERT INTO t(x) VALUES('third')");
    expect_error_as_nobody(watching({path}), 3, {path, "flotilla needs to"});
    ::chmod(data.c_str(), 0700);
    expect_error_as_nobody(watching({path}), 3, {path, "ermission"});
}

TEST_F(bad_permissions, a_store_or_state_directory_that_may_not_be_written) {
    const std::string path = data + "/app.db";
    create(path);
    ::chmod(path.c_str(), 0666);
    ::chmod(data.c_str(), 0777);
    ::chmod(store.c_str(), 0555);
    expect_error_as_nobody(watching({path}), 4, {store, "ermission"});
    ::chmod(store.c_str(), 0777);
    ::chmod(state.c_str(), 0555);
    expect_error_as_nobody(watching({path}), 1, {state, "ermission"});
}

TEST_F(bad_permissions, a_store_that_may_not_be_read_and_an_output_that_may_not_be_made) {
    make_backup();
    ::chmod(data.c_str(), 0555);
    expect_error_as_nobody({"restore", "app.db", "--from", store, "-o", data + "/out.db"}, 6, {data, "ermission"});
    EXPECT_TRUE(tests::names_in(data).empty());
    ::chmod(store.c_str(), 0);
    expect_error_as_nobody({"restore", "app.db", "--from", store, "-o", dir.file("home/out.db")}, 4, {store, "ermission"});
    expect_error_as_nobody({"verify", "--from", store}, 4, {store, "ermission"});
    expect_error_as_nobody({"list", "--from", store}, 4, {store, "ermission"});
}

// The state directory: exit 1.

TEST_F(bad_input, a_state_directory_that_is_a_file) {
    create(db);
    tests::spill(state, io::bytes(10, 'x'));
    expect_error(watching({db}), 1, {state});
    EXPECT_EQ(std::filesystem::file_size(state), 10U);
}

TEST_F(bad_input, a_state_directory_on_a_read_only_file_system) {
    create(db);
    tests::small_disk disk(dir.file("mount"), 4U << 20U);
    state = disk.file("state");
    auto run = follow(db);
    EXPECT_EQ(run->stop(), 0);
    disk.make_read_only();
    expect_error(watching({db}), 1, {state, "ead-only", "must be able to write there"});
    state = disk.file("another");
    expect_error(watching({db}), 1, {state, "ead-only"});
}

TEST_F(bad_input, a_state_directory_that_another_watch_has) {
    create(db);
    create(dir.file("other.db"));
    const auto run = follow(db);
    expect_error({"watch", dir.file("other.db"), "--to", dir.file("elsewhere"), "--state", state}, 3, {state, std::to_string(run->pid())});
    EXPECT_EQ(run->stop(), 0);
}

TEST_F(bad_input, a_corrupt_state_db_is_put_aside_and_the_stream_goes_on) {
    make_backup();
    const std::string memo = state + "/state.db";
    for (const auto& garbage : {noise(8192), io::bytes(100, 'x'), io::bytes()}) {
        for (const char* rest : {"-wal", "-shm"}) std::filesystem::remove(memo + rest);
        tests::spill(memo, garbage);
        tests::app(db).run("INSERT INTO t(x) VALUES('while the state was lost')");
        auto run = follow(db);
        EXPECT_EQ(run->stop(), 0);
        expect_same_rows("app.db", db);
        expect_verified();
    }
    const auto names = tests::names_in(state);
    EXPECT_TRUE(std::any_of(names.begin(), names.end(), [](const auto& n) { return n.starts_with("state.db.corrupt"); })) << "what was there is kept";
}

TEST_F(bad_input, a_state_db_with_a_damaged_page_is_put_aside_too) {
    make_backup();
    const std::string memo = state + "/state.db";
    tests::app(memo).run("PRAGMA wal_checkpoint(TRUNCATE)");
    io::bytes damaged = tests::slurp(memo);
    ASSERT_GT(damaged.size(), 4096U);
    std::fill(damaged.begin() + 4096, damaged.end(), std::uint8_t{0x5a});
    for (const char* rest : {"-wal", "-shm"}) std::filesystem::remove(memo + rest);
    tests::spill(memo, damaged);
    expect_error({"status", "--state", state}, 1, {"state.db"});
    auto run = follow(db);
    EXPECT_EQ(run->stop(), 0);
    expect_same_rows("app.db", db);
    expect_verified();
}

TEST_F(bad_input, status_and_snapshot_without_a_watch) {
    expect_error({"status", "--state", state}, 2, {state});
    expect_error({"snapshot", "app.db", "--state", state}, 1, {state, "no engine has used this state directory"});
    make_backup();
    expect_error({"snapshot", "app.db", "--state", state, "--timeout", "1s"}, 1, {state, "is `flotilla watch` running"});
}

TEST_F(bad_input, E5_the_second_watch_on_a_database_is_told_who_has_it) {
    create(db);
    const auto run = follow(db);
    expect_error({"watch", db, "--to", dir.file("elsewhere"), "--state", dir.file("other-state")}, 3,
                 {db, "already watched", std::to_string(run->pid()), "flotilla watch"});
    EXPECT_EQ(run->stop(), 0);
}

// The command line: exit 2.

TEST_F(bad_input, words_that_make_no_sense) {
    std::filesystem::create_directories(dir.file("other"));
    create(db);
    create(dir.file("other/app.db"));
    const words cases[] = {
        {"wach", db},
        {"watch"},
        {"watch", db},
        {"watch", db, "--to", ""},
        {"watch", db, "--to", "ftp://host/backup"},
        {"watch", db, "--to", "s3://"},
        {"watch", db, "--to", store, "--min-interval", "soon"},
        {"watch", db, "--to", store, "--min-interval", "-1s"},
        {"watch", db, "--to", store, "--checkpoint-size", "1KiB"},
        {"watch", db, "--to", store, "--batch-size", "99999999999GiB"},
        {"watch", db, "--to", store, "--log-level", "loud"},
        {"watch", db, "--to", store, "--colour", "red"},
        {"watch", "../x=" + db, "--to", store},
        {"watch", db, dir.file("other/app.db"), "--to", store},
        {"watch", db, "again=" + db, "--to", store},
        {"watch", "=" + db + "=", "--to", store, "--config", dir.file("missing.toml")},
        {"watch", "--to", store, "--config", dir.file("missing.toml")},
        {"restore"},
        {"restore", "app.db"},
        {"restore", "app.db", "--from", store},
        {"restore", "../app.db", "--from", store, "-o", restored},
        {"restore", "app.db", "--from", store, "-o", restored, "--txid", "0"},
        {"restore", "app.db", "--from", store, "-o", restored, "--txid", "-1"},
        {"restore", "app.db", "--from", store, "-o", restored, "--txid", "0x"},
        {"restore", "app.db", "--from", store, "-o", restored, "--txid", "18446744073709551616"},
        {"restore", "app.db", "--from", store, "-o", restored, "--timestamp", "yesterday"},
        {"restore", "app.db", "--from", store, "-o", restored, "--timestamp", "2026-13-01T00:00:00Z"},
        {"restore", "app.db", "--from", store, "-o", restored, "--timestamp", "2026-11-23T08:00:00Z", "--txid", "1"},
        {"restore", "app.db", "--from", store, "-o", restored, "--integrity", "some"},
        {"restore", "app.db", "--from", "nfs://host/backup", "-o", restored},
        {"list"},
        {"verify"},
        {"snapshot", "--state", state},
        {"snapshot", "app.db", "--state", state, "--timeout", "x"},
    };
    make_store();
    for (const auto& each : cases) {
        words with_state = each;
        if (each[0] == "watch") with_state.insert(with_state.end(), {"--state", state});
        expect_error(with_state, 2, {"flotilla: "});
    }
    EXPECT_FALSE(has_stream("app.db")) << "nothing was begun";
    EXPECT_FALSE(std::filesystem::exists(restored));
}

// The store: exit 4.

TEST_F(bad_input, a_store_that_is_a_file_or_cannot_be_made) {
    create(db);
    tests::spill(store, io::bytes(10, 'x'));
    for (const std::string& bad : {store, store + "/below"}) {
        expect_error({"watch", db, "--to", bad, "--state", state}, 4, {bad});
        expect_error({"restore", "app.db", "--from", bad, "-o", restored}, 4, {bad});
        expect_error({"list", "--from", bad}, 4, {bad});
        expect_error({"verify", "--from", bad}, 4, {bad});
    }
    EXPECT_EQ(std::filesystem::file_size(store), 10U);
}

TEST_F(bad_input, a_store_that_is_not_there_is_not_made_by_reading_it) {
    expect_error(restoring(), 4, {store});
    expect_error({"list", "--from", store}, 4, {store});
    expect_error({"verify", "--from", store}, 4, {store});
    EXPECT_FALSE(std::filesystem::exists(store));
}

TEST_F(bad_input, A13_an_empty_backup_is_a_failure) {
    make_store();
    expect_error({"verify", "--from", store}, 5, {store_name()});
    expect_error({"verify", "app.db", "--from", store}, 5, {"app.db"});
    expect_error(restoring(), 5, {"app.db"});
    make_backup();
    expect_error({"restore", "ap.db", "--from", store, "-o", restored}, 5, {"ap.db", "app.db"});
    EXPECT_FALSE(std::filesystem::exists(restored));
}

TEST_F(bad_input, a_store_that_is_full_is_waited_for_and_nothing_is_lost) {
    tests::small_disk disk(dir.file("mount"), 2U << 20U);
    store = disk.file("store");
    create(db);
    auto run = follow(db, {"--drain-limit", "1s"});
    disk.fill();
    tests::app app(db);
    app.run("INSERT INTO t(x) SELECT hex(randomblob(20000)) FROM t");
    const auto failing = run->await("failing");
    EXPECT_THAT(failing.text, HasSubstr("No space left on device"));
    app.run("INSERT INTO t(x) VALUES('while it was full')");
    disk.give_back();
    run->await("confirmed", 2);
    EXPECT_EQ(run->stop(), 0);
    expect_same_rows("app.db", db);
    expect_verified();

    // It stays full until the end: an error that says so, and the next watch goes on.
    run = follow(db, {"--drain-limit", "1s"});
    disk.fill();
    app.run("INSERT INTO t(x) SELECT hex(randomblob(20000)) FROM t LIMIT 3");
    run->await("failing");
    EXPECT_EQ(run->stop(), 4);
    EXPECT_THAT(run->log(), HasSubstr("No space left on device"));
    disk.give_back();
    run = follow(db);
    EXPECT_EQ(run->stop(), 0);
    EXPECT_EQ(run->count("reanchored"), 0U);
    expect_same_rows("app.db", db);
    expect_verified();
}

// The target: exit 6.

TEST_F(bad_input, E4_a_target_outside_what_exists_names_what_does) {
    make_backup();
    expect_error(restoring({"--txid", "99"}), 6, {"TXID 99", "newest", "2"});
    expect_error(restoring({"--txid", "18446744073709551615"}), 6, {"newest", "2"});
    expect_error(restoring({"--timestamp", "2100-01-01T00:00:00Z"}), 6, {"future", "TXID 2"});
    expect_error(restoring({"--timestamp", "2001-01-01T00:00:00Z"}), 6, {"earliest", "TXID 1"});
    EXPECT_FALSE(std::filesystem::exists(restored));
}

TEST_F(bad_input, A14_an_output_that_exists_is_not_touched) {
    make_backup();
    create(restored, "PRAGMA user_version=77");
    const io::bytes before = tests::slurp(restored);
    expect_error(restoring(), 6, {restored, "exists", "--force"});
    EXPECT_TRUE(tests::slurp(restored) == before);
    {
        tests::app open(restored);
        open.run("INSERT INTO t(x) VALUES('somebody works here')");
        expect_error(restoring({"--force"}), 6, {restored, "open"});
        open.run("INSERT INTO t(x) VALUES('and goes on')");
        EXPECT_EQ(open.text("PRAGMA integrity_check"), "ok");
        EXPECT_EQ(open.number("PRAGMA user_version"), 77);
    }
    EXPECT_EQ(tests::flotilla(restoring({"--force"})).code, 0);
    EXPECT_EQ(tests::dump(restored), tests::dump(db));
}

TEST_F(bad_input, an_output_in_a_place_where_it_cannot_be) {
    make_backup();
    std::filesystem::create_directories(restored);
    expect_error(restoring(), 6, {restored, "regular file"});
    expect_error(restoring({"--force"}), 6, {restored, "regular file"});
    restored = dir.file("no/such/place/out.db");
    expect_error(restoring(), 6, {"no/such/place", "No such file"});
    restored = db + "/out.db";
    expect_error(restoring(), 6, {"app.db", "irectory"});
    restored = dir.file("fresh.db");
    tests::spill(restored + "-wal", noise(5000));
    expect_error(restoring(), 6, {"fresh.db-wal", "--force"});
    EXPECT_TRUE(tests::slurp(restored + "-wal") == noise(5000));
}

TEST_F(bad_input, a_disk_too_full_for_the_output_keeps_what_is_there) {
    create(db);
    auto run = follow(db);
    tests::app(db).run("INSERT INTO t(x) SELECT hex(randomblob(200000)) FROM t");
    run->await("confirmed", 2);
    ASSERT_EQ(run->stop(), 0);
    tests::small_disk disk(dir.file("mount"), 1U << 20U);
    restored = disk.file("out.db");
    create(restored);
    const io::bytes before = tests::slurp(restored);
    disk.fill(200U << 10U);
    expect_error(restoring({"--force"}), 6, {disk.path(), "free"});
    EXPECT_TRUE(tests::slurp(restored) == before);
    EXPECT_EQ(tests::names_in(disk.path()), (words{"ballast", "out.db"}));
}

// A limit that is met in the middle, which no look at the free space foresees.
TEST_F(bad_input, an_output_that_cannot_be_written_to_its_end_is_not_left_behind) {
    make_backup();
    words limited{"prlimit", "--fsize=5000", std::getenv("FLOTILLA")};
    for (const auto& each : restoring()) limited.push_back(each);
    const auto done = tests::run_process(limited, {{}, tests::channel::pipe(), tests::channel::pipe(), {}, {}});
    EXPECT_EQ(done.code, 6) << done.err;
    EXPECT_THAT(done.err, HasSubstr("out.db"));
    for (const auto& name : tests::names_in(dir.path())) EXPECT_THAT(name, Not(HasSubstr("out.db")));
}

}  // namespace
