#include "tests/sim/vfs_file.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "io/file_system.h"

namespace sim {

int& last_problem() {
    static int problem = 0;
    return problem;
}

namespace {

constexpr int region_bytes = 32768;

int failed(int problem, int code) {
    last_problem() = problem;
    return code;
}

}  // namespace

vfs_file::vfs_file(disk& on, process_id who, disk::node node, std::string path, int flags)
    : on_(on), who_(who), node_(std::move(node)), path_(std::move(path)), remove_at_end_((flags & SQLITE_OPEN_DELETEONCLOSE) != 0) {
    ++node_->openings;
    on_.opened(who_);
}

vfs_file::~vfs_file() {
    on_.closed(who_);
    unmap_index(false);
    node_->database.lower(this, SQLITE_LOCK_NONE);
    if (remove_at_end_ && !path_.empty()) on_.remove(path_);
    --node_->openings;
    node_->settle();
}

int vfs_file::read(void* into, int amount, std::int64_t offset) {
    if (const int problem = on_.before(disk::call::read, path_); problem != 0) return failed(problem, SQLITE_IOERR_READ);
    const io::byte_view all = node_->now.all();
    const auto wanted = static_cast<std::uint64_t>(amount);
    const auto at = static_cast<std::uint64_t>(offset);
    const std::uint64_t there = at >= all.size() ? 0 : std::min<std::uint64_t>(wanted, all.size() - at);
    if (there != 0) std::memcpy(into, all.data() + at, there);
    if (there == wanted) return SQLITE_OK;
    std::memset(static_cast<char*>(into) + there, 0, wanted - there);
    return SQLITE_IOERR_SHORT_READ;
}

int vfs_file::write(const void* from, int amount, std::int64_t offset) {
    if (const int problem = on_.before(disk::call::write, path_); problem != 0) return failed(problem, SQLITE_IOERR_WRITE);
    const std::uint64_t end = static_cast<std::uint64_t>(offset) + static_cast<std::uint64_t>(amount);
    if (end > node_->now.size() && on_.room_for(end - node_->now.size()) != 0) return failed(ENOSPC, SQLITE_FULL);
    node_->write(static_cast<std::uint64_t>(offset), {static_cast<const std::uint8_t*>(from), static_cast<std::size_t>(amount)});
    if (!path_.empty()) on_.touched(path_, *node_);
    return SQLITE_OK;
}

int vfs_file::truncate(std::int64_t size) {
    if (const int problem = on_.before(disk::call::write, path_); problem != 0) return failed(problem, SQLITE_IOERR_TRUNCATE);
    node_->resize(static_cast<std::uint64_t>(size));
    if (!path_.empty()) on_.touched(path_, *node_);
    return SQLITE_OK;
}

int vfs_file::sync() {
    if (const int problem = on_.before(disk::call::sync, path_); problem != 0) return failed(problem, SQLITE_IOERR_FSYNC);
    on_.sync_file(node_);
    if (directory_unsynced_) on_.sync_directory(io::parent_of(path_));
    directory_unsynced_ = false;
    return SQLITE_OK;
}

int vfs_file::lock(int level) {
    if (node_->database.level_of(this) >= level) return SQLITE_OK;
    (void)on_.before(disk::call::name, path_);
    return node_->database.raise(this, who_, level) ? SQLITE_OK : SQLITE_BUSY;
}

int vfs_file::unlock(int level) {
    node_->database.lower(this, level);
    return SQLITE_OK;
}

int vfs_file::control(int what, void* argument) {
    int problem = 0;
    switch (what) {
        case SQLITE_FCNTL_LOCKSTATE: *static_cast<int*>(argument) = node_->database.level_of(this); return SQLITE_OK;
        case SQLITE_FCNTL_LAST_ERRNO: *static_cast<int*>(argument) = last_problem(); return SQLITE_OK;
        case SQLITE_FCNTL_PERSIST_WAL: {
            int& value = *static_cast<int*>(argument);
            if (value >= 0) persist_log_ = value != 0;
            value = persist_log_ ? 1 : 0;
            return SQLITE_OK;
        }
        case SQLITE_FCNTL_POWERSAFE_OVERWRITE: *static_cast<int*>(argument) = 1; return SQLITE_OK;
        case SQLITE_FCNTL_VFSNAME: *static_cast<char**>(argument) = sqlite3_mprintf("sim"); return SQLITE_OK;
        case SQLITE_FCNTL_HAS_MOVED: *static_cast<int*>(argument) = on_.find(path_, problem) != node_; return SQLITE_OK;
        case SQLITE_FCNTL_SIZE_HINT:
        case SQLITE_FCNTL_CHUNK_SIZE: return SQLITE_OK;
        default: return SQLITE_NOTFOUND;
    }
}

// Who opens the index when nobody has it open empties it: what is in it is from before a crash.
int vfs_file::map_index(int region, int bytes, bool extend, void volatile** out) {
    *out = nullptr;
    if (bytes != region_bytes) return SQLITE_MISUSE;
    if (!index_) {
        // Connections of one process share what the first of them opened, whatever the name leads to by now.
        disk::node known = node_->index_of[who_].lock();
        if (known && known->index_users.empty()) known = nullptr;
        int problem = on_.before(disk::call::name, path_);
        index_ = known ? known : on_.open(path_ + "-shm", true, false, problem);
        if (!index_) return failed(problem, SQLITE_CANTOPEN);
        node_->index_of[who_] = index_;
        if (index_->index_users.empty()) index_->regions.clear();
        index_->index_users.emplace_back(this, who_);
        ++index_->openings;
    }
    while (index_->regions.size() <= static_cast<std::size_t>(region)) {
        if (!extend) return SQLITE_OK;
        if (on_.room_for(region_bytes) != 0) return failed(ENOSPC, SQLITE_IOERR_SHMSIZE);
        index_->regions.emplace_back(new std::uint8_t[region_bytes]());
    }
    *out = index_->regions[static_cast<std::size_t>(region)].get();
    return SQLITE_OK;
}

int vfs_file::lock_index(int first, int count, int flags) {
    if ((flags & SQLITE_SHM_UNLOCK) != 0) {
        if (index_) index_->index.unlock(this, first, count);
        return SQLITE_OK;
    }
    (void)on_.before(disk::call::name, path_);
    if (!index_) return SQLITE_IOERR_SHMLOCK;
    return index_->index.lock(this, who_, first, count, (flags & SQLITE_SHM_EXCLUSIVE) != 0) ? SQLITE_OK : SQLITE_BUSY;
}

void vfs_file::barrier() { (void)on_.before(disk::call::name, path_); }

void vfs_file::unmap_index(bool remove) {
    if (!index_) return;
    index_->index.unlock(this, 0, index_locks::slots);
    std::erase_if(index_->index_users, [this](const auto& one) { return one.first == this; });
    --index_->openings;
    if (remove && index_->index_users.empty()) on_.remove(path_ + "-shm");
    index_->settle();
    index_ = nullptr;
}

}  // namespace sim
