// What the tests with Litestream share: a database, a store of either kind (tests/support/rgw.h), Litestream's reader and writer on it.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "tests/support/flotilla.h"
#include "tests/support/rgw.h"
#include "tests/support/sqlite.h"
#include "tests/support/temp_directory.h"

namespace interop {

class with_litestream : public testing::Test {
protected:
    tests::temp_directory dir;
    std::string db = dir.file("app.db");
    std::string store = tests::store_of_test(dir.file("store"));  // of one stream, app.db
    std::unique_ptr<tests::watch> run;
    std::unique_ptr<tests::app> app;

    // The database is in WAL mode and followed: its snapshot is in the store, what is written now follows as increments.
    void follow();
    // As follow(), with a table and a row; `pragmas` come before anything is written.
    void begin(const std::string& pragmas = "");
    void commit(const std::string& sql);
    // So many rows of random bytes, in one commit.
    void grow(int rows, int bytes);

    // Restores the stream and returns the path of the new file; the test fails if that does not work.
    std::string restore(const std::vector<std::string>& options = {});
    // The same by Litestream.
    std::string litestream_restores();
    // Each of these is the SQL of one TXID, which Litestream writes to the store.
    void litestream_writes(const std::vector<std::string>& transactions);

    // Ends the watch. Byte for byte what Litestream restores is what we restore, and a sound database; returns its path.
    std::string expect_restored_alike();
    // As above, and it holds all rows of the live database, and no others.
    void expect_all_restored_alike() { EXPECT_TRUE(tests::dump(expect_restored_alike()) == tests::dump(db)) << "other rows than the database has"; }
    void expect_verified();

private:
    tests::outcome litestream(const std::string& command, const std::vector<std::string>& arguments, const std::string& input);
    int restored_ = 0;
};

// Whether two files are the same.
testing::AssertionResult same_bytes(const std::string& one, const std::string& other);

}  // namespace interop
