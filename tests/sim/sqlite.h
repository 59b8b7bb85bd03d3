// A connection of an application, or of a checker: real SQLite on a simulated disk. From blocking code only (threads.h).
#pragma once

#include <sqlite3.h>

#include <stdexcept>
#include <string>
#include <utility>

namespace sim {

class sqlite {
public:
    explicit sqlite(const std::string& path, int busy_ms = 10'000) {
        if (sqlite3_open(path.c_str(), &db_) != SQLITE_OK) throw_error("open " + path);
        sqlite3_busy_timeout(db_, busy_ms);
    }
    ~sqlite() { sqlite3_close_v2(db_); }
    sqlite(const sqlite&) = delete;
    sqlite& operator=(const sqlite&) = delete;

    sqlite3* get() const { return db_; }
    // SQLite's code; what went wrong is in error().
    int try_run(const std::string& sql) { return sqlite3_exec(db_, sql.c_str(), nullptr, nullptr, nullptr); }
    void run(const std::string& sql) {
        if (try_run(sql) != SQLITE_OK) throw_error(sql);
    }
    std::string error() const { return sqlite3_errmsg(db_); }
    // The first column of the first row; empty if there is none.
    std::string text(const std::string& sql) {
        sqlite3_stmt* statement = nullptr;
        if (sqlite3_prepare_v2(db_, sql.c_str(), -1, &statement, nullptr) != SQLITE_OK) throw_error(sql);
        std::string out;
        const int rc = sqlite3_step(statement);
        if (rc == SQLITE_ROW && sqlite3_column_type(statement, 0) != SQLITE_NULL) {
            out.assign(static_cast<const char*>(sqlite3_column_blob(statement, 0)), static_cast<std::size_t>(sqlite3_column_bytes(statement, 0)));
        }
        sqlite3_finalize(statement);
        if (rc != SQLITE_ROW && rc != SQLITE_DONE) throw_error(sql);
        return out;
    }

private:
    [[noreturn]] void throw_error(const std::string& what) {
        const std::string why = what + ": " + sqlite3_errmsg(db_);
        sqlite3_close_v2(std::exchange(db_, nullptr));
        throw std::runtime_error(why);
    }
    sqlite3* db_ = nullptr;
};

}  // namespace sim
