// The tables of state.db, and its rows as they are written and read. Every row carries a checksum of itself, for a bit that changed on
// disk is nothing that SQLite would notice. Blocking, like SQLite.
#pragma once

#include <array>
#include <optional>
#include <string>

#include "engine/memo.h"
#include "engine/object_row.h"
#include "engine/sqlite.h"

namespace engine {

// PRAGMA user_version of what is written here; a file of another version is moved aside and rebuilt.
inline constexpr int state_version = 2;

struct state_table {
    const char* name;
    const char* create;  // as sqlite_schema holds it, to be compared
};
extern const std::array<state_table, 2> state_tables;

extern const char* const select_memos;
extern const char* const replace_memo;
extern const char* const delete_memo;  // by store, name
extern const char* const select_objects;
extern const char* const replace_object;
extern const char* const delete_object;  // by store, stream, level, min_txid, max_txid

template <class Row>
struct stored {
    std::string store_url;
    std::string stream;
    Row row;
};

// The row at which a statement of select_... stands; nothing if it is not what was written.
std::optional<stored<memo>> read_memo(sqlite3_stmt* s);
std::optional<stored<object_row>> read_object(sqlite3_stmt* s);

// Binds all parameters of replace_... and of delete_....
void bind_memo(sqlite3_stmt* s, const std::string& store_url, const memo& row);
void bind_stream(sqlite3_stmt* s, const std::string& store_url, const std::string& stream);
void bind_object(sqlite3_stmt* s, const std::string& store_url, const std::string& stream, const object_row& row);
void bind_object_name(sqlite3_stmt* s, const std::string& store_url, const std::string& stream, const object_name& name);

}  // namespace engine
