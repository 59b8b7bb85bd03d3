#include "engine/restore_output.h"

#include <fmt/format.h>

#include <array>

#include "engine/sqlite.h"

namespace engine {
namespace {

constexpr std::array<const char*, 3> companions = {"-wal", "-shm", "-journal"};

io::error wrong(io::errc code, std::string context) { return {code, io::subject::target, std::move(context)}; }

io::result<bool> exists(io::file_system& files, const std::string& path) {
    auto status = files.status(path);
    if (status) return true;
    if (status.error().code == io::errc::not_found) return false;
    return status.error().as(io::subject::target);
}

// Holds off every other connection, or busy if there is one: it would go on in the old file and, closing, delete the new one's log by
// its name. A connection in WAL mode holds a shared lock as long as it lives (https://sqlite.org/wal.html, "Read-Only Databases" and
// file format 4.1), which exclusive locking mode cannot pass; one in another mode holds nothing between transactions. The log is
// neither checkpointed nor deleted by this. Null if there is no log, hence no such connection.
io::result<sqlite_handle> hold_off_others(io::file_system& files, const std::string& path) {
    auto log = exists(files, path + "-wal");
    if (!log) return log.error();
    if (!*log) return sqlite_handle();
    auto db = open_sqlite(path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, io::subject::target);
    if (!db) return sqlite_handle();  // whatever it is, SQLite has no use of it, and neither has anybody else
    sqlite3_db_config(db->get(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
    int persist = 1;
    sqlite3_file_control(db->get(), "main", SQLITE_FCNTL_PERSIST_WAL, &persist);
    auto taken = execute(db->get(), "PRAGMA locking_mode=EXCLUSIVE", io::subject::target);
    if (taken) taken = execute(db->get(), "SELECT count(*) FROM sqlite_schema", io::subject::target);
    if (!taken && taken.error().code == io::errc::busy)
        return wrong(io::errc::busy, path + ": another process has it open; stop that first, or restore elsewhere");
    return db;
}

io::result<void> check_existing(io::file_system& files, const std::string& path, bool force) {
    if (!force) return wrong(io::errc::already_exists, path + ": exists already; --force replaces it");
    auto alone = hold_off_others(files, path);
    if (!alone) return alone.error();
    return {};
}

}  // namespace

io::result<void> restore_output::check(io::file_system& files, const std::string& path, bool force) {
    const std::string directory = io::parent_of(path);
    auto parent = files.status(directory);
    if (!parent) return parent.error().as(io::subject::target).within("directory of the output");
    if (parent->kind != io::file_kind::directory) return wrong(io::errc::invalid, directory + ": not a directory");
    auto status = files.status(path);
    if (status && status->kind != io::file_kind::regular) return wrong(io::errc::invalid, path + ": is not a regular file");
    if (status) return check_existing(files, path, force);
    if (status.error().code != io::errc::not_found) return status.error().as(io::subject::target);
    for (const char* suffix : companions) {
        if (force) break;
        auto left = exists(files, path + suffix);
        if (!left) return left.error();
        if (*left) {
            return wrong(io::errc::already_exists, fmt::format("{}{}: left by another database; SQLite would play it into the restored "
                                                               "one. Move it away, or --force removes it", path, suffix));
        }
    }
    return {};
}

io::result<std::unique_ptr<restore_output>> restore_output::create(io::file_system& files, std::string path, bool force, std::uint64_t size,
                                                                   const std::string& token) {
    if (auto ok = check(files, path, force); !ok) return ok.error();
    // Through a symbolic link the file is replaced, not the link.
    if (auto real = files.resolve(path)) path = std::move(*real);
    const std::string directory = io::parent_of(path);
    auto space = files.space(directory);
    if (!space) return space.error().as(io::subject::target);
    if (space->free_bytes < size)
        return wrong(io::errc::no_space, fmt::format("{}: {} bytes are free, the database has {}", directory, space->free_bytes, size));
    std::unique_ptr<restore_output> out(new restore_output(files, std::move(path), force));
    const std::string temporary = io::join(directory, fmt::format(".{}.{}.restoring", io::name_of(out->path_), token));
    auto file = files.open(temporary, io::open_mode::create_new);
    if (!file) return file.error().as(io::subject::target);
    out->temporary_ = temporary;
    out->file_ = std::move(*file);
    if (auto sized = out->file_->truncate(size); !sized) return sized.error().as(io::subject::target).within(temporary);
    return out;
}

restore_output::~restore_output() {
    // Nothing can be done about a temporary that cannot be removed; the error that led here is what is reported.
    if (file_) (void)files_.remove(temporary_);
}

io::result<std::unique_ptr<io::file>> restore_output::open() {
    auto file = files_.open(temporary_, io::open_mode::create);
    if (!file) return file.error().as(io::subject::target);
    return file;
}

io::result<void> restore_output::publish() {
    if (auto synced = file_->sync(); !synced) return synced.error().as(io::subject::target).within(temporary_);
    if (auto ok = check(files_, path_, force_); !ok) return ok;
    if (auto replaced = replace(); !replaced) return replaced.error().as(io::subject::target);
    file_.reset();
    if (auto synced = files_.sync_directory(io::parent_of(path_)); !synced) return synced.error().as(io::subject::target);
    return {};
}

io::result<void> restore_output::replace() {
    if (!force_) return files_.rename_if_absent(temporary_, path_);
    auto alone = hold_off_others(files_, path_);
    if (!alone) return alone.error();
    for (const char* suffix : companions) {
        auto removed = files_.remove(path_ + suffix);
        if (!removed && removed.error().code != io::errc::not_found) return removed;
    }
    if (auto synced = files_.sync_directory(io::parent_of(path_)); !synced) return synced;
    return files_.rename(temporary_, path_);
}

}  // namespace engine
