#include "wal/live_database.h"

#include <fmt/format.h>

#include <utility>

namespace wal {

namespace {

constexpr std::string_view needs_writing =
    "cannot be written: flotilla needs to take its write lock for moments, and SQLite keeps -wal and -shm beside it";

io::error cannot(io::errc code, const std::string& path, std::string_view why) {
    return {code, io::subject::database, fmt::format("{}: {}", path, why)};
}

io::result<void> check_mode(connection& on, const std::string& path) {
    auto mode = on.journal_mode();
    if (!mode) return mode.error();
    if (*mode == "wal") return {};
    return cannot(io::errc::not_wal, path,
                  fmt::format("is in journal mode \"{}\"; flotilla follows the write-ahead log and never changes the mode itself: "
                              "run PRAGMA journal_mode=WAL on it",
                              *mode));
}

// What SQLite says about opening a database, with the way out.
io::error explained(io::error e, const std::string& path) {
    switch (e.code) {
        case io::errc::not_a_database: return cannot(e.code, path, "is not an SQLite database, or it is encrypted");
        case io::errc::not_found:  // the database is there: its -wal or -shm cannot be made
        case io::errc::read_only: return cannot(io::errc::read_only, path, fmt::format("{} ({})", needs_writing, e.context));
        case io::errc::access_denied: return cannot(e.code, path, fmt::format("{} ({})", needs_writing, e.context));
        case io::errc::busy: return cannot(e.code, path, "is locked: another process keeps it with locking_mode=EXCLUSIVE, or for long");
        default: return e;
    }
}

}  // namespace

io::result<std::unique_ptr<live_database>> live_database::open(io::file_system& files, const std::string& path, live_options settings) {
    auto status = files.status(path);
    if (!status) return status.error().as(io::subject::database);
    if (status->kind == io::file_kind::directory) return cannot(io::errc::not_a_database, path, "is a directory, not a database");
    if (status->kind != io::file_kind::regular) return cannot(io::errc::not_a_database, path, "is not a regular file");
    if (status->size == 0) {
        return cannot(io::errc::not_wal, path, "is empty: nothing was written to it yet; create it with PRAGMA journal_mode=WAL and a table");
    }
    auto first = connection::open(path, settings.busy_ms);
    if (!first) return explained(first.error(), path);
    if (auto ok = check_mode(**first, path); !ok) return explained(ok.error(), path);
    if ((*first)->read_only()) return cannot(io::errc::read_only, path, needs_writing);
    if (auto ok = (*first)->hold_read(); !ok) return explained(ok.error(), path);
    (*first)->end_read();
    if (auto seen = (*first)->index(); !seen) return seen.error();
    if ((*first)->has_moved()) return cannot(io::errc::not_found, path, "was replaced while it was being opened");
    auto pinned = std::make_unique<connection_pin>(path, settings.busy_ms, std::move(*first));
    std::unique_ptr<live_database> out(new live_database(files, path, status->identity, std::move(pinned)));
    // While our connection is open SQLite deletes neither; whoever does it later leaves us with files that nobody writes.
    for (auto [tail, identity] : {std::pair{"-wal", &out->log_identity_}, std::pair{"-shm", &out->index_identity_}}) {
        auto companion = files.status(path + tail);
        if (!companion) return companion.error().as(io::subject::database);
        *identity = companion->identity;
    }
    return out;
}

io::result<void> live_database::check() const {
    if (pin_->holder().has_moved()) return cannot(io::errc::not_found, path_, "was removed or replaced by another file");
    for (auto [tail, identity] : {std::pair{"-wal", log_identity_}, std::pair{"-shm", index_identity_}}) {
        auto now = files_->status(path_ + tail);
        if (!now && now.error().code != io::errc::not_found) return now.error().as(io::subject::database);
        if (now && now->identity == identity) continue;
        return cannot(io::errc::gap, path_, fmt::format("continuity is lost: its {} file was removed or replaced behind SQLite's back", tail));
    }
    return check_mode(pin_->holder(), path_);
}

io::result<wal_index> live_database::hold() const {
    if (auto ok = pin_->holder().hold_read(); !ok) return ok.error();
    return pin_->index();
}

io::result<live_database::file_size> live_database::file_pages() const {
    io::bytes head(100);  // the header of a database file: SQLite, "Database File Format", 1.3
    if (auto ok = read_file(0, head); !ok) return ok.error();
    const std::uint32_t stored = (std::uint32_t{head[16]} << 8U) | head[17];
    const std::uint32_t page_size = stored == 1 ? 65536 : stored;
    const std::uint32_t pages = (std::uint32_t{head[28]} << 24U) | (std::uint32_t{head[29]} << 16U) | (std::uint32_t{head[30]} << 8U) | head[31];
    const bool sound = page_size >= 512 && page_size <= 65536 && (page_size & (page_size - 1)) == 0 && pages > 0;
    if (!sound) return cannot(io::errc::corrupt, path_, "has a header that makes no sense");
    return file_size{page_size, pages};
}

std::string sqlite_version_note() {
    const int version = sqlite3_libversion_number();
    const bool mended = version >= 3051003 || (version >= 3050007 && version < 3051000) || (version >= 3044006 && version < 3045000);
    if (version < 3007000 || mended) return fmt::format("SQLite {}", sqlite3_libversion());
    return fmt::format("SQLite {} (in the range of the WAL-reset bug; flotilla's own checkpoints avoid it, an application's cannot)",
                       sqlite3_libversion());
}

}  // namespace wal
