#include "engine/integrity.h"

#include <fmt/format.h>

#include "engine/sqlite.h"

namespace engine {
namespace {

// Of a URI's path everything but the unreserved characters is escaped (RFC 3986, 2.3).
std::string immutable_uri(const std::string& path) {
    std::string out = "file:";
    for (const char c : path) {
        const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '/' || c == '-' || c == '.' || c == '_';
        if (plain) out += c;
        else out += fmt::format("%{:02X}", static_cast<unsigned>(static_cast<unsigned char>(c)));
    }
    return out + "?immutable=1";
}

}  // namespace

io::result<void> check_integrity(const std::string& path, integrity_level level) {
    if (level == integrity_level::none) return {};
    constexpr auto about = io::subject::integrity;
    auto db = open_sqlite(immutable_uri(path), SQLITE_OPEN_READONLY | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX, about);
    if (!db) return db.error();
    const char* check = level == integrity_level::quick ? "PRAGMA quick_check(3)" : "PRAGMA integrity_check(3)";
    auto rows = prepare(db->get(), check, about);
    if (!rows) return rows.error();
    std::string wrong;
    int step = SQLITE_ROW;
    while ((step = sqlite3_step(rows->get())) == SQLITE_ROW) {
        const std::string text = column_text(rows->get(), 0);
        if (text != "ok") wrong += (wrong.empty() ? "" : "; ") + text;
    }
    if (step != SQLITE_DONE) return sqlite_error(db->get(), about, check);
    if (!wrong.empty()) return io::error{io::errc::corrupt, about, fmt::format("{}: {}", check, wrong)};
    return {};
}

}  // namespace engine
