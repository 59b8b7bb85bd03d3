// A plain SQLite connection for tests: the application's side.
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <string>

namespace tests {

class app {
public:
    // Opens or creates; throws std::runtime_error with SQLite's words on any error, here and below.
    explicit app(const std::string& path, int busy_ms = 5000, const char* vfs = nullptr);
    ~app();
    app(const app&) = delete;
    app& operator=(const app&) = delete;

    void run(const std::string& sql);
    // The first column of the first row.
    std::int64_t number(const std::string& sql);
    std::string text(const std::string& sql);
    sqlite3* handle() { return db_; }

private:
    sqlite3* db_ = nullptr;
};

// Every row of every table, and the schema, as text: equal for two databases that an application cannot tell apart.
std::string dump(const std::string& path);

}  // namespace tests
