// An open file of the VFS.
#pragma once

#include <sqlite3.h>

#include <memory>
#include <string>

#include "tests/sim/disk.h"

namespace sim {

class vfs_file {
public:
    vfs_file(disk& on, process_id who, disk::node node, std::string path, int flags);
    ~vfs_file();

    int read(void* into, int amount, std::int64_t offset);
    int write(const void* from, int amount, std::int64_t offset);
    int truncate(std::int64_t size);
    int sync();
    std::int64_t size() const { return static_cast<std::int64_t>(node_->now.size()); }
    int lock(int level);
    int unlock(int level);
    bool reserved() const { return node_->database.reserved(); }
    int control(int what, void* argument);
    int map_index(int region, int bytes, bool extend, void volatile** out);
    int lock_index(int first, int count, int flags);
    void barrier();
    void unmap_index(bool remove);
    // The directory is synced with the file, for the file is new there.
    void sync_directory_once() { directory_unsynced_ = true; }

private:
    disk& on_;
    process_id who_;
    disk::node node_;
    disk::node index_;  // the -shm file; null until it is mapped
    std::string path_;
    bool remove_at_end_;
    bool persist_log_ = false;
    bool directory_unsynced_ = false;
};

// errno of the last call that failed.
int& last_problem();

}  // namespace sim
