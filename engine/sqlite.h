// The few lines of SQLite's C interface that state.db and integrity checks need, with errors as values. Blocking; one thread at a time.
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "io/error.h"

namespace engine {

struct sqlite_closer {
    void operator()(sqlite3* db) const { sqlite3_close_v2(db); }
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};
using sqlite_handle = std::unique_ptr<sqlite3, sqlite_closer>;
using sqlite_statement = std::unique_ptr<sqlite3_stmt, sqlite_closer>;

// Opens with sqlite3_open_v2 flags (SQLITE_OPEN_URI allowed). corrupt if the file is not a database, not_found, access_denied, busy,
// no_space, read_only, else io_failure; subject as given.
io::result<sqlite_handle> open_sqlite(const std::string& name, int flags, io::subject about);

// The error that the handle's last call left.
io::error sqlite_error(sqlite3* db, io::subject about, std::string_view what);

io::result<void> execute(sqlite3* db, const char* sql, io::subject about);
io::result<sqlite_statement> prepare(sqlite3* db, const char* sql, io::subject about);

// Unsigned 64-bit values travel as SQLite's signed ones, bit for bit. `index` counts from 1 for binds, from 0 for columns.
inline void bind(sqlite3_stmt* s, int index, std::uint64_t value) { sqlite3_bind_int64(s, index, static_cast<sqlite3_int64>(value)); }
inline void bind(sqlite3_stmt* s, int index, std::int64_t value) { sqlite3_bind_int64(s, index, value); }
inline void bind(sqlite3_stmt* s, int index, const std::string& text) {
    sqlite3_bind_text(s, index, text.data(), static_cast<int>(text.size()), SQLITE_TRANSIENT);
}
inline std::uint64_t column_u64(sqlite3_stmt* s, int index) { return static_cast<std::uint64_t>(sqlite3_column_int64(s, index)); }
inline std::string column_text(sqlite3_stmt* s, int index) {
    const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(s, index));
    return text == nullptr ? std::string() : std::string(text, static_cast<std::size_t>(sqlite3_column_bytes(s, index)));
}

}  // namespace engine
