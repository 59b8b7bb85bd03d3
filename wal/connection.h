// One SQLite connection to a user's database, made so that it can hurt nothing: it never creates the file, never checkpoints by itself,
// never deletes the log when it closes. Blocking; one thread at a time.
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <memory>
#include <string>

#include "io/error.h"
#include "wal/wal_index.h"

namespace wal {

class connection {
public:
    // Errors, subject::database: not_found, access_denied, not_a_database (also encrypted), busy (locked exclusively), io_failure.
    // `busy_ms`: how long a statement waits for a lock.
    static io::result<std::unique_ptr<connection>> open(const std::string& path, int busy_ms);
    ~connection();

    // Begins a read transaction at the newest commit and keeps it open; no-op if it is held. end_read() lets it go.
    io::result<void> hold_read();
    void end_read();
    bool holds_read() const { return holds_read_; }

    // BEGIN IMMEDIATE, waiting up to busy_ms; errc::busy after that.
    io::result<void> begin_write();
    void rollback();
    // Commits one frame that changes nothing: user_version, written with its own value; a hold_read() from within the transaction goes
    // on after the commit, now at the new frame. Precondition: begin_write().
    io::result<void> commit_nothing();

    // wal_checkpoint(PASSIVE), and the row that it returned (A4).
    struct checkpointed {
        bool busy = false;
        int log_frames = 0;
        int backfilled = 0;
        bool all() const { return !busy && log_frames >= 0 && log_frames == backfilled; }  // -1: not in WAL mode
    };
    // Precondition: no transaction is open on this connection.
    io::result<checkpointed> checkpoint_passive();

    // Keeps everybody from checkpointing until unlock_checkpoints(), without a transaction: takes SQLite's own lock for it, through its
    // handle. False if somebody else is checkpointing.
    bool lock_checkpoints();
    void unlock_checkpoints();

    // "wal", "delete", ...
    io::result<std::string> journal_mode();
    bool read_only() const;
    // Whether the path names another file by now, or none.
    bool has_moved() const;

    // The wal-index, through SQLite's own mapping; `backfilled` belongs to the generation that the salts name. busy if it could not be read
    // undisturbed: a writer was stopped or died in the middle of changing it, and the next reader that begins waits for it or mends it.
    // unsupported if there is none (locking_mode=EXCLUSIVE keeps it in private memory).
    io::result<wal_index> index() const;

    // Bytes of the database file through SQLite's own descriptor: opening the file otherwise and closing it would drop the process's
    // POSIX locks. Past the end: zeros. May run while another thread reads the log, not while this connection is used otherwise.
    io::result<void> read_file(std::uint64_t offset, io::byte_span out) const;

private:
    connection(sqlite3* db, std::string path) : db_(db), path_(std::move(path)) {}
    io::error failed(std::string_view what) const;
    bool index_lock(int flags);
    io::result<void> run(const char* sql);
    io::result<std::int64_t> number(const char* sql);

    sqlite3* db_;
    std::string path_;
    sqlite3_stmt* read_ = nullptr;  // stays pending while a read transaction is held
    bool holds_read_ = false;
};

}  // namespace wal
