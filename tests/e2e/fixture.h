// What the end-to-end tests share: a directory of their own with a database, a store and a state directory; applications in other
// processes; the program; and the judgement over what it gives back.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "tests/support/flotilla.h"
#include "tests/support/rgw.h"
#include "tests/support/sqlite.h"
#include "tests/support/store_access.h"
#include "tests/support/temp_directory.h"

namespace e2e {

using words = std::vector<std::string>;

// An application of habits.h.
class application {
public:
    // Returns once it has made its first commit.
    application(const std::string& habit, const std::string& db, const words& options = {});

    struct progress {
        std::int64_t commits = 0;
        std::int64_t restarts = 0;  // of the log, by its own checkpoints
    };
    progress ask();
    // Asks until it has made so many more commits.
    void await_commits(std::int64_t more);
    // Tells it to end, and returns how many commits it made. The test fails if it met an error.
    std::int64_t finish();

private:
    tests::process process_;
};

class end_to_end : public testing::Test {
protected:
    tests::temp_directory dir;
    std::string db = dir.file("app.db");
    std::string store = tests::store_of_test(dir.file("store"));  // a directory or on S3: FLOTILLA_STORE
    std::string state = dir.file("state");

    bool on_s3() const { return store.starts_with("s3://"); }
    // The store as messages call it.
    std::string store_name() const { return store.substr(0, store.find('?')); }
    // An empty store that can be read.
    void make_store() const;
    bool has_stream(const std::string& name) const { return !tests::store_access(store).keys(name).empty(); }

    // A database in WAL mode with some rows; `pragmas` come first, before anything is written.
    static void create(const std::string& path, const std::string& pragmas = "");

    // `flotilla watch WHAT... --to STORE --state STATE`, with no waiting between two objects unless `what` says so.
    std::unique_ptr<tests::watch> start(words what);
    // The same for one database, which is attached when it returns.
    std::unique_ptr<tests::watch> follow(const std::string& path, const words& options = {});

    // Restores the stream and returns the path of the new file; the test fails if that does not work.
    std::string restore(const std::string& stream, const words& options = {});
    // Restores it and compares every row of every table, and the schema, with the live database.
    void expect_same_rows(const std::string& stream, const std::string& live);
    // Restores it and compares with what an application was told is committed: each row 1..commits of that writer, and no other.
    void expect_log(const std::string& restored, std::int64_t commits, int writer = 1);
    // `flotilla verify` has no doubt about anything in the store.
    void expect_verified();
    // TXIDs were confirmed in order, without a hole.
    static void expect_in_order(const tests::watch& run, const std::string& stream);

private:
    int restored_ = 0;
};

// Whether two databases hold the same pages, but for the change counters in the first one, which SQLite also moves when it changes
// nothing else. Says the first difference.
testing::AssertionResult same_pages(const std::string& one, const std::string& other);

}  // namespace e2e
