#include "wal/connection.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <span>

namespace wal {

namespace {

io::errc code_of(int rc) {
    switch (rc & 0xff) {
        case SQLITE_BUSY:
        case SQLITE_LOCKED:
        case SQLITE_PROTOCOL: return io::errc::busy;
        case SQLITE_NOTADB: return io::errc::not_a_database;
        case SQLITE_CORRUPT: return io::errc::corrupt;
        case SQLITE_FULL: return io::errc::no_space;
        case SQLITE_READONLY: return io::errc::read_only;
        case SQLITE_PERM:
        case SQLITE_AUTH: return io::errc::access_denied;
        default: return io::errc::io_failure;
    }
}

constexpr int index_region_bytes = 32768;
constexpr int checkpoint_lock = 1;  // among the locks on the wal-index: 0 write, 1 checkpoint, 2 recover, from 3 on read (wal.c)

// SQLite's own way to wait soon looks only ten times a second: it would hardly ever find a lock that is let go for microseconds between
// two transactions of an application that never pauses.
int wait_for_lock(void* busy_ms, int times) {
    if (times >= static_cast<int>(reinterpret_cast<std::intptr_t>(busy_ms))) return 0;
    sqlite3_sleep(1);
    return 1;
}

void copy_index(const volatile std::uint8_t* from, std::span<std::uint8_t> to) {
    for (std::size_t i = 0; i < to.size(); ++i) to[i] = from[i];
}

}  // namespace

io::error connection::failed(std::string_view what) const {
    if ((sqlite3_extended_errcode(db_) & 0xff) == SQLITE_CANTOPEN) {  // the -wal or -shm: the database itself was opened before
        io::error e = io::from_errno(sqlite3_system_errno(db_), io::subject::database, fmt::format("{}: {}", path_, what));
        if (e.code == io::errc::access_denied) e.code = io::errc::read_only;
        return e;
    }
    return {code_of(sqlite3_extended_errcode(db_)), io::subject::database,
            fmt::format("{}: {}: {}", path_, what, sqlite3_errmsg(db_))};
}

io::result<std::unique_ptr<connection>> connection::open(const std::string& path, int busy_ms) {
    sqlite3* db = nullptr;
    const int rc = sqlite3_open_v2(path.c_str(), &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, nullptr);
    std::unique_ptr<connection> out(new connection(db, path));
    if (rc == SQLITE_CANTOPEN) return io::from_errno(sqlite3_system_errno(db), io::subject::database, path);
    if (rc != SQLITE_OK) return out->failed("open");
    sqlite3_busy_handler(db, wait_for_lock, reinterpret_cast<void*>(static_cast<std::intptr_t>(busy_ms)));
    int was = 0;
    sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, &was);
    // A pin lives long and does little: no memory is held ready for it.
    sqlite3_db_config(db, SQLITE_DBCONFIG_LOOKASIDE, nullptr, 0, 0);
    int keep_log = 1;
    sqlite3_file_control(db, "main", SQLITE_FCNTL_PERSIST_WAL, &keep_log);
    for (const char* sql : {"PRAGMA wal_autocheckpoint=0", "PRAGMA cache_size=0", "PRAGMA synchronous=NORMAL", "PRAGMA mmap_size=0"}) {
        if (auto ok = out->run(sql); !ok) return ok.error();
    }
    // The first row comes from the database, so that the transaction is a real one; the second keeps the statement pending.
    const char* pending = "SELECT count(*) FROM sqlite_schema UNION ALL SELECT 2";
    if (sqlite3_prepare_v3(db, pending, -1, SQLITE_PREPARE_PERSISTENT, &out->read_, nullptr) != SQLITE_OK) return out->failed("read");
    return out;
}

connection::~connection() {
    sqlite3_finalize(read_);
    sqlite3_close(db_);
}

io::result<void> connection::run(const char* sql) {
    if (sqlite3_exec(db_, sql, nullptr, nullptr, nullptr) != SQLITE_OK) return failed(sql);
    return {};
}

io::result<std::int64_t> connection::number(const char* sql) {
    sqlite3_stmt* statement = nullptr;
    if (sqlite3_prepare_v2(db_, sql, -1, &statement, nullptr) != SQLITE_OK) return failed(sql);
    const int rc = sqlite3_step(statement);
    const std::int64_t value = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    if (rc != SQLITE_ROW) return failed(sql);
    return value;
}

io::result<void> connection::hold_read() {
    if (holds_read_) return {};
    if (sqlite3_step(read_) != SQLITE_ROW) {
        io::error e = failed("read");
        sqlite3_reset(read_);
        return e;
    }
    holds_read_ = true;
    return {};
}

void connection::end_read() {
    sqlite3_reset(read_);
    holds_read_ = false;
}

io::result<void> connection::begin_write() { return run("BEGIN IMMEDIATE"); }

void connection::rollback() {
    end_read();
    sqlite3_exec(db_, "ROLLBACK", nullptr, nullptr, nullptr);
}

io::result<void> connection::commit_nothing() {
    auto version = number("PRAGMA user_version");
    if (!version) return version.error();
    const std::string write = fmt::format("PRAGMA user_version={}", *version);
    if (auto ok = run(write.c_str()); !ok) return ok;
    return run("COMMIT");
}

io::result<connection::checkpointed> connection::checkpoint_passive() {
    checkpointed out;
    const int rc = sqlite3_wal_checkpoint_v2(db_, "main", SQLITE_CHECKPOINT_PASSIVE, &out.log_frames, &out.backfilled);
    if ((rc & 0xff) == SQLITE_BUSY) {
        out.busy = true;  // another checkpoint is running
        return out;
    }
    if (rc != SQLITE_OK) return failed("checkpoint");
    return out;
}

bool connection::index_lock(int flags) {
    sqlite3_file* file = nullptr;
    return sqlite3_file_control(db_, "main", SQLITE_FCNTL_FILE_POINTER, &file) == SQLITE_OK && file->pMethods->iVersion >= 2 &&
           file->pMethods->xShmLock(file, checkpoint_lock, 1, flags | SQLITE_SHM_EXCLUSIVE) == SQLITE_OK;
}

bool connection::lock_checkpoints() { return index_lock(SQLITE_SHM_LOCK); }

void connection::unlock_checkpoints() { index_lock(SQLITE_SHM_UNLOCK); }

io::result<std::string> connection::journal_mode() {
    sqlite3_stmt* statement = nullptr;
    if (sqlite3_prepare_v2(db_, "PRAGMA main.journal_mode", -1, &statement, nullptr) != SQLITE_OK) return failed("journal mode");
    const int rc = sqlite3_step(statement);
    const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement, 0));
    std::string mode = text == nullptr ? "" : text;
    sqlite3_finalize(statement);
    if (rc != SQLITE_ROW) return failed("journal mode");
    return mode;
}

bool connection::read_only() const { return sqlite3_db_readonly(db_, "main") == 1; }

bool connection::has_moved() const {
    int moved = 0;
    return sqlite3_file_control(db_, "main", SQLITE_FCNTL_HAS_MOVED, &moved) == SQLITE_OK && moved != 0;
}

io::result<wal_index> connection::index() const {
    sqlite3_file* file = nullptr;
    void volatile* region = nullptr;
    if (sqlite3_file_control(db_, "main", SQLITE_FCNTL_FILE_POINTER, &file) != SQLITE_OK || file->pMethods->iVersion < 2 ||
        file->pMethods->xShmMap(file, 0, index_region_bytes, 0, &region) != SQLITE_OK || region == nullptr) {
        return io::error{io::errc::unsupported, io::subject::database, path_ + ": there is no shared log index (locking_mode=EXCLUSIVE?)"};
    }
    const auto* at = static_cast<const volatile std::uint8_t*>(region);
    std::array<std::uint8_t, wal_index_bytes> copy{};
    std::array<std::uint8_t, wal_index_header_bytes> again{};
    for (int tries = 0; tries < 1000; ++tries) {
        // SQLite writes the second copy of the header, then the first, then (in a restart) what is backfilled. So the first is read before
        // the second, and the header again at the end: a restart in between would pair one generation's frames with another's backfill.
        copy_index(at, copy);
        file->pMethods->xShmBarrier(file);
        copy_index(at, again);
        const auto out = parse_wal_index(copy);
        if (out && std::equal(again.begin(), again.end(), copy.begin())) return *out;
    }
    return io::error{io::errc::busy, io::subject::database, path_ + ": the log index could not be read undisturbed"};
}

io::result<void> connection::read_file(std::uint64_t offset, io::byte_span out) const {
    sqlite3_file* file = nullptr;
    if (sqlite3_file_control(db_, "main", SQLITE_FCNTL_FILE_POINTER, &file) != SQLITE_OK) return failed("read");
    const int rc = file->pMethods->xRead(file, out.data(), static_cast<int>(out.size()), static_cast<sqlite3_int64>(offset));
    if (rc != SQLITE_OK && rc != SQLITE_IOERR_SHORT_READ) {
        return io::error{io::errc::io_failure, io::subject::database, fmt::format("{}: read at {}: {}", path_, offset, sqlite3_errstr(rc))};
    }
    return {};
}

}  // namespace wal
