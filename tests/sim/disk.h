// A host's disk. What is written is seen at once and survives its process; it survives a loss of power only if it was synced, and names of
// files only if their directory was. Processes see it through file_system (io's interface) and through the VFS (SQLite).
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "io/error.h"
#include "tests/sim/inode.h"
#include "tests/sim/threads.h"

namespace sim {

// How the disk behaves; may be changed while the world runs. Rates are in 1,000,000.
struct disk_habits {
    std::uint64_t capacity = 1ULL << 40U;
    // A call gives way to others with this rate, for up to so long.
    std::uint64_t pause_rate = 50'000;
    io::duration most_pause = std::chrono::microseconds(200);
    io::duration sync_time = std::chrono::microseconds(500);
    std::uint64_t read_errors = 0;
    std::uint64_t write_errors = 0;
    std::uint64_t sync_errors = 0;
    std::string errors_below = "/";  // only paths that begin with this fail
};

class disk {
public:
    using node = std::shared_ptr<inode>;
    // Of a name in a directory; `gone`: of the directory itself. An empty name with `gone` false never comes.
    struct observer {
        virtual ~observer() = default;
        virtual void changed(const inode& directory, const std::string& name) = 0;
        virtual void gone(const inode& directory) = 0;
    };
    enum class call { read, write, sync, name };

    disk(std::uint64_t device, threads& bodies, trace& history, prng dice);

    disk_habits habits;

    std::uint64_t device() const { return device_; }
    std::uint64_t used() const { return *used_; }
    // Absolute, without empty, "." and ".." parts; relative paths begin at the root.
    static std::string normal(const std::string& path);
    // Null with ENOENT or ENOTDIR in `problem`.
    node find(const std::string& path, int& problem) const;

    // Gives way, then says whether the call fails: 0 or an errno.
    int before(call what, const std::string& path);
    // ENOSPC if so many bytes more do not fit.
    int room_for(std::uint64_t bytes) const { return *used_ + bytes > habits.capacity ? 28 : 0; }

    // The file, made if `create`; `exclusive`: EEXIST if it is there. EISDIR for a directory.
    node open(const std::string& path, bool create, bool exclusive, int& problem);
    // A file without a name.
    node anonymous() { return make(false); }
    int make_directory(const std::string& path);
    // `replace`: an existing `to` is replaced, else EEXIST.
    int rename(const std::string& from, const std::string& to, bool replace);
    int remove(const std::string& path);
    int sync_directory(const std::string& path);
    // fsync(2) of a file: its bytes, and, as on every journalling file system, that it was created or renamed, with all that happened to names
    // in that directory before. SQLite relies on that: who writes and syncs a log need not be the one who created it.
    void sync_file(const node& file);
    void sync_everything();
    // Somebody wrote to the file of that path.
    void touched(const std::string& path, inode& file);

    // Flips a bit of a file whose path begins with one of these, as it is and as it would be after a loss of power; of none if there is none.
    void rot(const std::vector<std::string>& below);

    // Flips one, as it is and as it would be after a loss of power.
    static void flip(inode& file, std::uint64_t bit);

    // All processes of the host are dead: the power goes, and comes back.
    void lose_power();
    // A process was killed: its locks and watches are gone.
    void forget(process_id who);
    // What a process has of it, a word for each: watches, locks, SQLite's files. Files that it has open otherwise are file_system's.
    std::vector<std::string> holdings(process_id who);

    // A connection of a process to a file of SQLite's begins, or ends.
    void opened(process_id who) { ++connections_[who]; }
    void closed(process_id who) { --connections_[who]; }

    // `who`: the observer's process; when that is killed the observer is forgotten with it.
    void observe(observer* one, process_id who) { observers_.push_back({one, who}); }
    void forget(observer* one) { std::erase_if(observers_, [one](const auto& each) { return each.first == one; }); }
    // Milliseconds for new modification times.
    std::function<std::int64_t()> wall_ms;

private:
    // One atomic change of names: all entries or none.
    struct entry {
        node directory;
        std::string name;
        node to;  // null: removed
    };
    using name_change = std::vector<entry>;

    struct place {
        node directory;
        std::string name;
    };
    place place_of(const std::string& path, int& problem) const;
    void apply(name_change change);
    static void make_durable(const name_change& change);
    void make_names_durable(const inode& directory, std::size_t count);
    node make(bool directory);
    void each_inode(const std::function<void(const node&)>& visit);

    std::uint64_t device_;
    threads& bodies_;
    trace& history_;
    prng dice_;
    std::shared_ptr<std::uint64_t> used_ = std::make_shared<std::uint64_t>(0);
    std::map<std::uint64_t, std::weak_ptr<inode>> all_;  // by number, those included that have no name any more
    std::uint64_t next_number_ = 1;
    node root_;
    std::vector<name_change> unsynced_names_;
    std::vector<std::pair<observer*, process_id>> observers_;
    std::map<process_id, std::size_t> connections_;
};

}  // namespace sim
