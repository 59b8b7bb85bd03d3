#include "engine/sqlite.h"

#include <fmt/format.h>

namespace engine {

namespace {

io::errc code_of(int rc) {
    switch (rc & 0xff) {
        case SQLITE_BUSY:
        case SQLITE_LOCKED: return io::errc::busy;
        case SQLITE_FULL: return io::errc::no_space;
        case SQLITE_READONLY: return io::errc::read_only;
        case SQLITE_PERM:
        case SQLITE_AUTH: return io::errc::access_denied;
        case SQLITE_CANTOPEN: return io::errc::not_found;
        case SQLITE_NOTADB:
        case SQLITE_CORRUPT: return io::errc::corrupt;
        default: return io::errc::io_failure;
    }
}

}  // namespace

io::error sqlite_error(sqlite3* db, io::subject about, std::string_view what) {
    return {code_of(sqlite3_extended_errcode(db)), about, fmt::format("{}: {}", what, sqlite3_errmsg(db))};
}

io::result<sqlite_handle> open_sqlite(const std::string& name, int flags, io::subject about) {
    sqlite3* raw = nullptr;
    const int rc = sqlite3_open_v2(name.c_str(), &raw, flags, nullptr);
    sqlite_handle db(raw);
    if (rc != SQLITE_OK) {
        if (!db) return io::error{io::errc::io_failure, about, name + ": out of memory"};
        return sqlite_error(db.get(), about, name);
    }
    return db;
}

io::result<void> execute(sqlite3* db, const char* sql, io::subject about) {
    if (sqlite3_exec(db, sql, nullptr, nullptr, nullptr) != SQLITE_OK) return sqlite_error(db, about, sql);
    return {};
}

io::result<sqlite_statement> prepare(sqlite3* db, const char* sql, io::subject about) {
    sqlite3_stmt* raw = nullptr;
    if (sqlite3_prepare_v2(db, sql, -1, &raw, nullptr) != SQLITE_OK) return sqlite_error(db, about, sql);
    return sqlite_statement(raw);
}

}  // namespace engine
