#include "wal/live_database.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "io/posix_file_system.h"
#include "tests/support/chain_builder.h"
#include "tests/support/sqlite.h"
#include "tests/support/temp_directory.h"
#include "tests/wal/follower.h"

namespace {

namespace fs = std::filesystem;

class live_database : public testing::Test {
protected:
    tests::temp_directory dir;
    const std::string path = dir.file("app.db");
    io::posix_file_system files;

    void make(const std::string& more = "") {
        tests::app db(path);
        db.run("PRAGMA journal_mode=WAL; CREATE TABLE t(x); INSERT INTO t VALUES(1);" + more);
    }
    io::result<std::unique_ptr<wal::live_database>> open(const std::string& what) { return wal::live_database::open(files, what, {20}); }
    void expect_refusal(const std::string& what, io::errc code) {
        const auto got = open(what);
        ASSERT_FALSE(got.has_value());
        EXPECT_EQ(io::name(got.error().code), io::name(code)) << got.error().context;
        EXPECT_EQ(got.error().about, io::subject::database);
        EXPECT_NE(got.error().context.find(what), std::string::npos) << got.error().context;
    }
};

TEST_F(live_database, a_missing_file_is_not_found_and_not_created) {
    expect_refusal(path, io::errc::not_found);
    EXPECT_FALSE(fs::exists(path));
}

TEST_F(live_database, a_directory_is_not_a_database) { expect_refusal(dir.path(), io::errc::not_a_database); }

TEST_F(live_database, a_pipe_is_not_a_database) {
    ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
    expect_refusal(path, io::errc::not_a_database);
}

TEST_F(live_database, an_empty_file_is_not_in_wal_mode) {
    tests::spill(path, {});
    expect_refusal(path, io::errc::not_wal);
    EXPECT_EQ(fs::file_size(path), 0U);
}

TEST_F(live_database, text_is_not_a_database) {
    const io::bytes text(10'000, 'x');
    tests::spill(path, text);
    expect_refusal(path, io::errc::not_a_database);
    EXPECT_EQ(tests::slurp(path), text);
}

TEST_F(live_database, an_encrypted_file_is_not_a_database_and_stays_as_it_is) {
    io::bytes noise(8192);
    std::uint64_t x = 1;
    for (auto& b : noise) b = static_cast<std::uint8_t>((x = x * 6364136223846793005ULL + 1) >> 56U);
    tests::spill(path, noise);
    expect_refusal(path, io::errc::not_a_database);
    EXPECT_EQ(tests::slurp(path), noise);
}

TEST_F(live_database, B11_another_journal_mode_is_refused_and_never_changed) {
    for (const char* mode : {"delete", "truncate", "persist"}) {
        fs::remove(path);
        tests::app(path).run(std::string("PRAGMA journal_mode=") + mode + "; CREATE TABLE t(x)");
        const io::bytes before = tests::slurp(path);
        expect_refusal(path, io::errc::not_wal);
        EXPECT_EQ(tests::slurp(path), before);
        EXPECT_FALSE(fs::exists(path + "-wal"));
        EXPECT_FALSE(fs::exists(path + "-shm"));
        EXPECT_NE(open(path).error().context.find("journal_mode=WAL"), std::string::npos);  // the way out
    }
}

// Journal mode, schema and size stay what they were through everything that we do.
TEST_F(live_database, B11_nothing_of_the_database_is_changed) {
    make("CREATE INDEX i ON t(x); PRAGMA user_version=42; PRAGMA application_id=7");
    tests::app db(path);
    const auto facts = [&] {
        return tests::dump(path) + db.text("PRAGMA journal_mode") + "/" + db.text("PRAGMA page_count") + "/" + db.text("PRAGMA schema_version") + "/" +
               db.text("PRAGMA user_version") + "/" + db.text("PRAGMA application_id") + "/" + db.text("PRAGMA freelist_count") + "/" +
               db.text("PRAGMA auto_vacuum") + "/" + db.text("PRAGMA page_size");
    };
    const std::string before = facts();
    {
        tests::follower us(path);
        EXPECT_EQ(us.hand_off().what, wal::handoff::outcome::handed_off);
        us.advance();
        EXPECT_TRUE(us.live().check().has_value());
        EXPECT_EQ(facts(), before);
    }
    EXPECT_EQ(facts(), before);
}

// As somebody whom permissions bind: the superuser may write everything.
class as_nobody {
public:
    explicit as_nobody(const std::string& directory) : root_(::geteuid() == 0) {
        if (!root_) return;
        for (const auto& entry : fs::recursive_directory_iterator(directory)) give(entry.path());
        give(directory);
        if (::setegid(65534) != 0 || ::seteuid(65534) != 0) throw std::runtime_error("cannot become nobody");
    }
    ~as_nobody() {
        if (root_ && (::seteuid(0) != 0 || ::setegid(0) != 0)) std::abort();
    }

private:
    static void give(const fs::path& what) {
        if (::chown(what.c_str(), 65534, 65534) != 0) throw std::runtime_error("chown " + what.string());
    }
    bool root_;
};

TEST_F(live_database, a_file_that_may_not_be_written_is_read_only) {
    make();
    const as_nobody user(dir.path());
    ASSERT_EQ(::chmod(path.c_str(), 0400), 0);
    expect_refusal(path, io::errc::read_only);
}

TEST_F(live_database, a_file_that_may_not_be_read_is_access_denied) {
    make();
    const as_nobody user(dir.path());
    ASSERT_EQ(::chmod(path.c_str(), 0000), 0);
    expect_refusal(path, io::errc::access_denied);
}

TEST_F(live_database, a_directory_that_may_not_be_written_is_read_only) {
    make();
    ASSERT_FALSE(fs::exists(path + "-wal"));  // so that it would have to be created
    const as_nobody user(dir.path());
    ASSERT_EQ(::chmod(dir.path().c_str(), 0500), 0);
    expect_refusal(path, io::errc::read_only);
    ASSERT_EQ(::chmod(dir.path().c_str(), 0700), 0);
}

TEST_F(live_database, exclusive_locking_is_busy) {
    make();
    {
        tests::app db(path);
        db.run("PRAGMA locking_mode=EXCLUSIVE; INSERT INTO t VALUES(2)");
        expect_refusal(path, io::errc::busy);
        EXPECT_NE(open(path).error().context.find("EXCLUSIVE"), std::string::npos);
    }
    EXPECT_TRUE(open(path).has_value());
}

TEST_F(live_database, identity_index_and_pages_are_the_databases) {
    make();
    tests::app db(path);
    db.run("INSERT INTO t VALUES(2); PRAGMA wal_checkpoint(PASSIVE)");
    auto live = open(path);
    ASSERT_TRUE(live.has_value());
    EXPECT_EQ((*live)->identity(), files.status(path)->identity);
    EXPECT_EQ((*live)->wal_path(), path + "-wal");
    auto now = (*live)->index();
    ASSERT_TRUE(now.has_value());
    EXPECT_EQ(now->page_count, db.number("PRAGMA page_count"));
    io::bytes page(4096);
    ASSERT_TRUE((*live)->read_file(0, page).has_value());
    EXPECT_EQ(io::text_of(io::byte_view(page).first(15)), "SQLite format 3");
    EXPECT_TRUE((*live)->check().has_value());
}

TEST_F(live_database, a_replaced_or_removed_file_is_not_found) {
    make();
    auto live = open(path);
    ASSERT_TRUE(live.has_value());
    fs::rename(path, dir.file("old.db"));
    const auto gone = (*live)->check();
    ASSERT_FALSE(gone.has_value());
    EXPECT_EQ(gone.error().code, io::errc::not_found);
    tests::spill(path, tests::slurp(dir.file("old.db")));
    const auto replaced = (*live)->check();
    ASSERT_FALSE(replaced.has_value());
    EXPECT_EQ(replaced.error().code, io::errc::not_found);
    EXPECT_EQ(replaced.error().about, io::subject::database);
}

// Deploy scripts do that. The application's next process then writes a new log beside the one that we hold.
TEST_F(live_database, A3_a_log_removed_behind_sqlites_back_is_a_gap) {
    for (const char* tail : {"-wal", "-shm"}) {
        fs::remove(path);
        make();
        auto live = open(path);
        ASSERT_TRUE(live.has_value());
        ASSERT_TRUE((*live)->check().has_value());
        fs::remove(path + tail);
        const auto gone = (*live)->check();
        ASSERT_FALSE(gone.has_value()) << tail;
        EXPECT_EQ(gone.error().code, io::errc::gap);
        tests::spill(path + tail, io::bytes(100, 0));
        EXPECT_FALSE((*live)->check().has_value()) << tail;
        live->reset();
        fs::remove(path + "-wal");
        fs::remove(path + "-shm");
    }
}

TEST_F(live_database, B12_wal_mode_cannot_be_left_while_we_follow_and_is_noticed_otherwise) {
    make();
    {
        auto live = open(path);
        ASSERT_TRUE(live.has_value());
        tests::app db(path, 0);
        EXPECT_THROW(db.run("PRAGMA journal_mode=DELETE"), std::runtime_error);
        EXPECT_TRUE((*live)->check().has_value());
    }
    tests::app(path).run("PRAGMA journal_mode=DELETE");
    expect_refusal(path, io::errc::not_wal);
}

TEST_F(live_database, says_which_sqlite_is_linked) {
    EXPECT_NE(wal::sqlite_version_note().find(sqlite3_libversion()), std::string::npos);
    const bool affected = sqlite3_libversion_number() == 3040001;
    EXPECT_EQ(wal::sqlite_version_note().find("WAL-reset bug") != std::string::npos, affected);
}

}  // namespace
