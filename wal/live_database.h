// A database that an application is using: the only code that opens one. It attaches without changing journal mode or schema, pins the
// log, hands the pin over, and reads pages only through SQLite's own handles. Blocking; calls for one database are never concurrent,
// but read_file() and the log may be read on another thread while no other call is made.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "io/error.h"
#include "io/file_system.h"
#include "wal/connection_pin.h"
#include "wal/pin.h"
#include "wal/wal_index.h"

namespace wal {

struct live_options {
    int busy_ms = 5000;  // how long to wait for the application's writers
};

class live_database {
public:
    // Errors, subject::database, each naming the path and the way out: not_found; not_a_database (a directory, something else, or
    // encrypted); not_wal (empty, or another journal mode: it is never changed, B11); read_only; access_denied; busy (locked
    // exclusively); unsupported.
    // `files` must outlive this.
    static io::result<std::unique_ptr<live_database>> open(io::file_system& files, const std::string& path, live_options settings);

    const std::string& path() const { return path_; }
    std::string wal_path() const { return path_ + "-wal"; }
    io::file_identity identity() const { return identity_; }

    pin& log_pin() { return *pin_; }
    io::result<wal_index> index() const { return pin_->index(); }
    io::result<void> read_file(std::uint64_t offset, io::byte_span out) const { return pin_->holder().read_file(offset, out); }

    // For a consistent image where nothing is pinned and nothing may be written: begins a read transaction at the newest commit, holds it for
    // as long as this lives, and returns the index as it is then. What it counts can be read: either there are frames that are not in the
    // file, and the log is not restarted, or all of it is in the file, and nobody writes to that. Errors as connection::hold_read and index().
    io::result<wal_index> hold() const;
    // What the file's own header says; for a log in which nothing was written yet. corrupt (subject::database) if it makes no sense.
    struct file_size {
        std::uint32_t page_size = 0;
        std::uint32_t page_count = 0;
    };
    io::result<file_size> file_pages() const;

    // not_found if the path names another file by now, or none; not_wal if the database left WAL mode (B12); gap if the log or its index
    // was removed behind SQLite's back, for then the application writes another log than the one that is pinned.
    io::result<void> check() const;

private:
    live_database(io::file_system& files, std::string path, io::file_identity identity, std::unique_ptr<connection_pin> pinned)
        : files_(&files), path_(std::move(path)), identity_(identity), pin_(std::move(pinned)) {}

    io::file_system* files_;
    std::string path_;
    io::file_identity identity_;
    io::file_identity log_identity_, index_identity_;
    std::unique_ptr<connection_pin> pin_;
};

// Which SQLite is linked, and whether it is in the range of the WAL-reset bug (3.7.0 to 3.51.2, mended in 3.44.6 and 3.50.7 too).
std::string sqlite_version_note();

}  // namespace wal
