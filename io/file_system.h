// Files. Every call blocks: call it inside io::offload, never on the event loop. One hop can then do a whole sequence (write, sync,
// rename, sync the directory) instead of hopping once per step. Paths are absolute or relative to the working directory.
// Errors: io::from_errno with the path in the context and subject::general; callers say whose business it is with error::as().
// Thread safety: file_system may be used from several threads; one file or mapping from one thread at a time, except read_at,
// which may run concurrently with itself.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "io/bytes.h"
#include "io/error.h"

namespace io {

// Which file a path names: equal for two paths exactly while they name the same inode.
struct file_identity {
    std::uint64_t device = 0;
    std::uint64_t inode = 0;
    friend bool operator==(const file_identity&, const file_identity&) = default;
};

enum class file_kind { regular, directory, other };

struct file_status {
    file_kind kind = file_kind::other;
    std::uint64_t size = 0;          // bytes
    std::int64_t modified_ms = 0;    // since 1970
    file_identity identity;
};

struct directory_entry {
    std::string name;
    file_kind kind = file_kind::other;  // of the entry itself for directories and files; symbolic links are followed
};

struct disk_space {
    std::uint64_t free_bytes = 0;  // to this user
    std::uint64_t total_bytes = 0;
};

// An open file; closed by its destructor, which cannot report: call sync() first where it matters.
class file {
public:
    virtual ~file() = default;
    // Fills `out` from `offset`; returns the bytes read, fewer than asked only at the end of the file.
    virtual result<std::size_t> read_at(std::uint64_t offset, byte_span out) = 0;
    // Writes all of `data` at `offset`, or fails; after a failure any part of it may have been written.
    virtual result<void> write_at(std::uint64_t offset, byte_view data) = 0;
    virtual result<std::uint64_t> size() = 0;
    virtual result<void> truncate(std::uint64_t size) = 0;
    // fdatasync(2). After an error nothing is known about the data: write it anew, elsewhere.
    virtual result<void> sync() = 0;
};

// A shared, writable mapping of a whole file; unmapped by its destructor. Stores reach the file even if the process is killed, in
// no particular order if the host loses power.
class mapping {
public:
    virtual ~mapping() = default;
    virtual byte_span bytes() = 0;
    virtual result<void> sync() = 0;
};

enum class open_mode {
    read,         // must exist
    create,       // read and write; created if absent, kept if present
    create_new,   // read and write; already_exists if present
};

class file_system {
public:
    virtual ~file_system() = default;

    virtual result<std::unique_ptr<file>> open(const std::string& path, open_mode mode) = 0;
    // Makes the file exactly `size` bytes (new bytes are zero) and maps all of it. size > 0.
    virtual result<std::unique_ptr<mapping>> map(const std::string& path, std::uint64_t size) = 0;

    // Follows symbolic links. not_found if there is nothing.
    virtual result<file_status> status(const std::string& path) = 0;
    // The entries but "." and "..", sorted by name: all of them, or an error. At most 10,000,000, else too_large; invalid if it is not a
    // directory.
    virtual result<std::vector<directory_entry>> list(const std::string& path) = 0;
    // The absolute path with every symbolic link resolved; not_found if it does not exist.
    virtual result<std::string> resolve(const std::string& path) = 0;
    virtual result<disk_space> space(const std::string& path) = 0;

    // Creates the directory and its missing parents, and syncs each parent that got a new entry. Calls wait for each other, so that
    // none returns before what another began is durable. invalid if there is a file of that name.
    virtual result<void> make_directories(const std::string& path) = 0;
    // Atomic; replaces `to` if it exists.
    virtual result<void> rename(const std::string& from, const std::string& to) = 0;
    // Atomic; already_exists if there is a `to`, which is then untouched (renameat2 RENAME_NOREPLACE, or link and unlink).
    virtual result<void> rename_if_absent(const std::string& from, const std::string& to) = 0;
    virtual result<void> remove(const std::string& path) = 0;
    // Makes the names in a directory durable: needed after create, rename and remove.
    virtual result<void> sync_directory(const std::string& path) = 0;
    // Makes everything durable that was ever done to the file system that holds `path` (syncfs(2)): slow, for after a crash.
    virtual result<void> sync_file_system(const std::string& path) = 0;
    virtual result<void> set_modified(const std::string& path, std::int64_t modified_ms) = 0;

    // Takes an exclusive advisory lock on a file that is created if absent, and writes `who` into it; the lock is held while the
    // returned file lives (flock(2), so that it ends with the process). errc::held with the holder's own words as context if taken.
    virtual result<std::unique_ptr<file>> lock(const std::string& path, const std::string& who) = 0;
};

// "dir/name"; `dir` alone if name is empty.
std::string join(const std::string& dir, const std::string& name);
// The directory part ("." if there is none) and the last part of a path.
std::string parent_of(const std::string& path);
std::string name_of(const std::string& path);

// Reads a whole file. too_large if it has more than `limit` bytes, before anything is allocated.
result<bytes> read_file(file_system& files, const std::string& path, std::uint64_t limit);

// Replaces or creates `path` durably: a temporary beside it, sync, rename, sync of the directory. On error `path` is what it was
// (or, if only the last sync failed, the new file, whose name may not survive a loss of power) and the temporary is gone.
result<void> write_file(file_system& files, const std::string& path, byte_view data);

}  // namespace io
