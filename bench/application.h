// The application's side of a benchmark: a plain SQLite connection, and tables about as compressible as ordinary ones.
#pragma once

#include <sqlite3.h>

#include <string>

#include "bench/timing.h"

namespace bench {

class application {
public:
    explicit application(const std::string& path) {
        if (sqlite3_open(path.c_str(), &db_) != SQLITE_OK) refuse(path + ": " + sqlite3_errmsg(db_));
        sqlite3_busy_timeout(db_, 10'000);
    }
    ~application() { sqlite3_close(db_); }
    application(const application&) = delete;
    application& operator=(const application&) = delete;

    void run(const std::string& sql) {
        if (sqlite3_exec(db_, sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) refuse(sql + ": " + sqlite3_errmsg(db_));
    }

private:
    sqlite3* db_ = nullptr;
};

// A table of that many rows, about 130 bytes each, in WAL mode.
inline void make_orders(application& app, std::uint64_t rows) {
    app.run("PRAGMA page_size=4096; PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA cache_size=-1000000");
    app.run("CREATE TABLE orders(id INTEGER PRIMARY KEY, who TEXT, what TEXT, token BLOB, n INTEGER)");
    app.run("WITH RECURSIVE i(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM i WHERE x < " + std::to_string(rows) + ") INSERT INTO orders " +
            "SELECT x, 'customer ' || (x * 7919 % 10007), 'ordered item ' || (x * 31 % 997) || ' on the ' || (x % 28) || 'th of the month', " +
            "randomblob(40), x FROM i");
}

}  // namespace bench
