// state.db is a memo: deleted, cut, flipped or of another version, it costs a look at the store and nothing else.
#include <cerrno>
#include <filesystem>
#include <map>

#include "tests/engine/engine_world.h"
#include "tests/support/chain_builder.h"

namespace {

using tests::what;

class lost_state : public tests::engine_world {
protected:
    std::map<std::string, io::bytes> shipped;  // what was in the store, by path

    std::string state_db() const { return dir.file("state/state.db"); }
    std::map<std::string, io::bytes> in_store() const {
        std::map<std::string, io::bytes> out;
        for (const auto& e : std::filesystem::recursive_directory_iterator(dir.file("store"))) {
            if (e.is_regular_file() && e.path().extension() == ".ltx") out[e.path().string()] = tests::slurp(e.path().string());
        }
        return out;
    }
    // Events of no stream.
    std::size_t of_the_directory(what kind) const {
        return static_cast<std::size_t>(std::count_if(events.begin(), events.end(), [&](const auto& e) { return e.kind == kind && e.stream.empty(); }));
    }
    // A database of about a megabyte, shipped; the state as it is in one file.
    void ship_some(tests::app& db) {
        start();
        until([&] { return count(what::attached) == 1; });
        db.run("INSERT INTO t(x) VALUES('one')");
        stop();
        tests::app(state_db()).run("PRAGMA wal_checkpoint(TRUNCATE)");
        keep_state();
        shipped = in_store();
    }
    // One run on what is left of the state: told or not, everything comes back, and only little is shipped for it.
    void goes_on(tests::app& db, const std::string& about) {
        const std::size_t attached = count(what::attached);
        start();
        until([&] { return count(what::attached) > attached; });
        db.run("INSERT INTO t(x) VALUES('after')");
        stop();
        ASSERT_FALSE(HasFailure()) << about;
        const auto now = in_store();
        for (const auto& [path, bytes] : shipped) EXPECT_EQ(now.at(path), bytes) << about << ": " << path << " was written again";
        for (const auto& [path, bytes] : now) {
            if (!shipped.contains(path)) EXPECT_LT(bytes.size(), 100'000U) << about << ": " << path << " is an upload of everything";
        }
        EXPECT_EQ(objects(9), 1U) << about;
        EXPECT_EQ(tests::dump(restore()), tests::dump(db_path)) << about;
        shipped = now;
    }
    static constexpr const char* much =
        "INSERT INTO t(x) SELECT hex(randomblob(2000)) FROM (WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<250) SELECT i FROM n);";
};

TEST_F(lost_state, A10_a_state_db_that_is_deleted_is_loud_and_costs_no_upload) {
    create(much);
    tests::app db(db_path);
    ship_some(db);
    for (const char* tail : {"", "-wal", "-shm"}) std::filesystem::remove(state_db() + tail);
    goes_on(db, "deleted");
    EXPECT_EQ(count(what::corruption), 1U);
    EXPECT_EQ(last(what::corruption).stream, "");
    goes_on(db, "the run after it");
    EXPECT_EQ(count(what::corruption), 1U) << "told once";
    expect_sound();
}

TEST_F(lost_state, A10_what_was_committed_meanwhile_is_shipped_as_the_pages_that_differ) {
    create(much);
    tests::app db(db_path);
    ship_some(db);
    std::filesystem::remove(state_db());
    db.run("INSERT INTO t(x) VALUES('in the log'); PRAGMA wal_checkpoint(TRUNCATE); INSERT INTO t(x) VALUES('in the next log')");
    goes_on(db, "deleted");
    EXPECT_EQ(count(what::reanchored), 1U);
    expect_sound();
}

TEST_F(lost_state, A10_a_state_db_that_is_cut_anywhere_loses_nothing) {
    create(much);
    tests::app db(db_path);
    ship_some(db);
    const auto whole = std::filesystem::file_size(dir.file("kept/state.db"));
    std::size_t told = 0;
    for (const std::uint64_t length : {std::uint64_t{0}, std::uint64_t{100}, std::uint64_t{4096}, std::uint64_t{5000}, whole / 2, whole - 4096}) {
        std::filesystem::resize_file(state_db(), length);
        goes_on(db, std::to_string(length));
        EXPECT_EQ(count(what::corruption), ++told) << length;
        tests::app(state_db()).run("PRAGMA wal_checkpoint(TRUNCATE)");
    }
    expect_sound();
}

TEST_F(lost_state, A10_a_bit_that_flips_anywhere_in_state_db_loses_nothing) {
    create(much);
    tests::app db(db_path);
    ship_some(db);
    for (std::size_t i = 0; i < 12; ++i) {
        io::bytes bad = tests::slurp(state_db());
        const std::size_t at = i < 4 ? 16 + 13 * i : bad.size() * i / 12 + 5 * i;  // the header, then all over it
        bad[at] = static_cast<std::uint8_t>(bad[at] ^ (1U << (i % 8)));
        tests::spill(state_db(), bad);
        goes_on(db, std::to_string(at));
        tests::app(state_db()).run("PRAGMA wal_checkpoint(TRUNCATE)");
    }
    expect_sound();
}

// The row itself: the newest TXID, the place in the log, the checksum.
TEST_F(lost_state, A10_a_row_that_was_changed_is_not_believed) {
    create(much);
    tests::app db(db_path);
    ship_some(db);
    std::size_t told = 0;
    for (const char* column : {"txid", "wal_offset", "post", "chain0", "salt1", "epoch", "inode"}) {
        tests::app(state_db()).run(std::string("UPDATE stream SET ") + column + "=" + column + "+1");
        goes_on(db, column);
        EXPECT_EQ(count(what::corruption), ++told) << column;
    }
    expect_sound();
}

TEST_F(lost_state, A10_a_state_db_of_another_version_is_moved_aside_and_its_rows_go_on) {
    create(much);
    tests::app db(db_path);
    ship_some(db);
    tests::app(state_db()).run("PRAGMA user_version=0");
    goes_on(db, "version 0");
    EXPECT_EQ(count(what::corruption), 1U);
    EXPECT_EQ(count(what::reanchored), 0U) << "the row was proven";
    expect_sound();
}

// SQLite writes state.db itself: a trigger stands for the disk there.
TEST_F(lost_state, a_state_directory_that_becomes_read_only_is_told_once_and_replication_goes_on) {
    create(much);
    tests::app db(db_path);
    start();
    until([&] { return count(what::attached) == 1; });
    tests::app(state_db()).run("CREATE TRIGGER ro BEFORE INSERT ON stream BEGIN SELECT RAISE(FAIL, 'read-only'); END");
    files.spoil = [&](const std::string& call, const std::string& path) {
        const bool changes = call != "status" && call != "list" && call != "resolve" && call != "read";
        return changes && path.starts_with(dir.file("state")) ? EROFS : 0;
    };
    for (int i = 0; i < 4; ++i) {
        const std::size_t before = count(what::confirmed);
        db.run(much);  // the sums of its pages need room
        until([&] { return count(what::confirmed) > before; });
    }
    until([&] { return of_the_directory(what::disk_low) > 0; });  // state.db is written behind
    EXPECT_EQ(of_the_directory(what::disk_low), 1U);
    EXPECT_EQ(count(what::detached), 0U);
    EXPECT_EQ(count(what::reanchored), 0U);
    EXPECT_EQ(tests::dump(restore()), tests::dump(db_path));
    files.spoil = nullptr;
    tests::app(state_db()).run("DROP TRIGGER ro");
    until([&] { return of_the_directory(what::recovered) == 1; });
    stop();
    expect_sound();
    shipped = in_store();
    goes_on(db, "the next run");
}

}  // namespace
