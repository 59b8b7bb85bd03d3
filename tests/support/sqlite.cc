#include "tests/support/sqlite.h"

#include <stdexcept>
#include <vector>

namespace tests {

app::app(const std::string& path, int busy_ms, const char* vfs) {
    if (sqlite3_open_v2(path.c_str(), &db_, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, vfs) != SQLITE_OK) throw std::runtime_error(path + ": " + sqlite3_errmsg(db_));
    sqlite3_busy_timeout(db_, busy_ms);
}

app::~app() { sqlite3_close(db_); }

void app::run(const std::string& sql) {
    char* words = nullptr;
    if (sqlite3_exec(db_, sql.c_str(), nullptr, nullptr, &words) == SQLITE_OK) return;
    const std::string why = words == nullptr ? "error" : words;
    sqlite3_free(words);
    throw std::runtime_error(sql.substr(0, 200) + ": " + why);
}

std::string app::text(const std::string& sql) {
    sqlite3_stmt* statement = nullptr;
    if (sqlite3_prepare_v2(db_, sql.c_str(), -1, &statement, nullptr) != SQLITE_OK) throw std::runtime_error(sql + ": " + sqlite3_errmsg(db_));
    const int rc = sqlite3_step(statement);
    const auto* value = reinterpret_cast<const char*>(sqlite3_column_text(statement, 0));
    std::string out = value == nullptr ? "" : value;
    sqlite3_finalize(statement);
    if (rc != SQLITE_ROW) throw std::runtime_error(sql + ": " + sqlite3_errmsg(db_));
    return out;
}

std::int64_t app::number(const std::string& sql) { return std::stoll(text(sql)); }

std::string dump(const std::string& path) {
    app db(path);
    std::string out;
    std::vector<std::string> tables;
    const auto each = [&](const std::string& sql, auto&& row) {
        sqlite3_stmt* statement = nullptr;
        if (sqlite3_prepare_v2(db.handle(), sql.c_str(), -1, &statement, nullptr) != SQLITE_OK) throw std::runtime_error(sqlite3_errmsg(db.handle()));
        while (sqlite3_step(statement) == SQLITE_ROW) row(statement);
        sqlite3_finalize(statement);
    };
    const auto cell = [](sqlite3_stmt* s, int i) {
        const auto* data = static_cast<const char*>(sqlite3_column_blob(s, i));
        return data == nullptr ? std::string("-") : std::string(data, static_cast<std::size_t>(sqlite3_column_bytes(s, i)));
    };
    each("SELECT type, name, sql FROM sqlite_schema ORDER BY type, name", [&](sqlite3_stmt* s) {
        out += cell(s, 0) + " " + cell(s, 1) + " " + cell(s, 2) + "\n";
        if (cell(s, 0) == "table") tables.push_back(cell(s, 1));
    });
    for (const auto& table : tables) {
        each("SELECT * FROM \"" + table + "\" ORDER BY 1", [&](sqlite3_stmt* s) {
            out += table;
            for (int i = 0; i < sqlite3_column_count(s); ++i) out += "|" + cell(s, i);
            out += "\n";
        });
    }
    return out;
}

}  // namespace tests
