#include "tests/sim/model.h"

#include <memory>

#include "tests/sim/prng.h"

namespace sim {

namespace {

using statement = std::unique_ptr<sqlite3_stmt, int (*)(sqlite3_stmt*)>;

statement prepare(sqlite& db, const char* sql) {
    sqlite3_stmt* raw = nullptr;
    if (sqlite3_prepare_v2(db.get(), sql, -1, &raw, nullptr) != SQLITE_OK) throw std::runtime_error(std::string(sql) + ": " + db.error());
    return {raw, sqlite3_finalize};
}

}  // namespace

void create_tables(sqlite& db) {
    db.run("CREATE TABLE t(id INTEGER PRIMARY KEY, seed INTEGER, most INTEGER, x BLOB);"
           "CREATE TABLE last(one INTEGER PRIMARY KEY, id INTEGER); INSERT INTO last VALUES(1, 0)");
}

std::string content_of(std::uint64_t seed, std::uint64_t most_bytes) {
    prng bytes(seed);
    std::string out(bytes.below(most_bytes + 1), '\0');
    std::size_t at = 0;
    while (at < out.size()) {
        std::uint64_t eight = bytes.next();
        for (int i = 0; i < 8 && at < out.size(); ++i, eight >>= 8U) out[at++] = static_cast<char>(eight);
    }
    return out;
}

state read_state(sqlite& db, bool whole, std::string& broken) {
    broken.clear();
    const bool own = sqlite3_get_autocommit(db.get()) != 0;
    if (own) db.run("BEGIN");
    state out;
    const auto mix = [&out](std::uint64_t value) { out.hash = (out.hash ^ value) * 0x100000001b3ULL + 1; };
    const auto rows = prepare(db, whole ? "SELECT id, seed, most, x FROM t ORDER BY id" : "SELECT id, seed FROM t ORDER BY id");
    int rc = SQLITE_ROW;
    while ((rc = sqlite3_step(rows.get())) == SQLITE_ROW) {
        const auto seed = static_cast<std::uint64_t>(sqlite3_column_int64(rows.get(), 1));
        mix(static_cast<std::uint64_t>(sqlite3_column_int64(rows.get(), 0)));
        mix(seed);
        if (!whole) continue;
        const std::string wanted = content_of(seed, static_cast<std::uint64_t>(sqlite3_column_int64(rows.get(), 2)));
        const auto* data = static_cast<const char*>(sqlite3_column_blob(rows.get(), 3));
        if (std::string(data == nullptr ? "" : data, static_cast<std::size_t>(sqlite3_column_bytes(rows.get(), 3))) != wanted) broken = "a row has other bytes than were written";
    }
    if (rc != SQLITE_DONE) throw std::runtime_error("reading rows: " + db.error());
    const auto last = prepare(db, "SELECT id FROM last");
    if (sqlite3_step(last.get()) != SQLITE_ROW) throw std::runtime_error("reading the last id: " + db.error());
    out.id = static_cast<std::uint64_t>(sqlite3_column_int64(last.get(), 0));
    mix(out.id);
    if (whole && db.text("PRAGMA integrity_check") != "ok") broken = "integrity_check";
    sqlite3_reset(last.get());
    if (own) db.run("COMMIT");
    return out;
}

}  // namespace sim
