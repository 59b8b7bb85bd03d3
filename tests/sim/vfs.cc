#include "tests/sim/vfs.h"

#include <sqlite3.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <new>

#include "tests/sim/vfs_file.h"
#include "tests/sim/world.h"

namespace sim {

namespace {

struct current_world {
    world* all;
    prng randomness;
};
current_world* now = nullptr;

process& running() { return now->all->of(now->all->loop.running()); }

struct opened {
    sqlite3_file base;
    vfs_file* file;
};

vfs_file& of(sqlite3_file* file) { return *reinterpret_cast<opened*>(file)->file; }

int x_close(sqlite3_file* file) {
    delete reinterpret_cast<opened*>(file)->file;
    return SQLITE_OK;
}
int x_read(sqlite3_file* file, void* into, int amount, sqlite3_int64 offset) { return of(file).read(into, amount, offset); }
int x_write(sqlite3_file* file, const void* from, int amount, sqlite3_int64 offset) { return of(file).write(from, amount, offset); }
int x_truncate(sqlite3_file* file, sqlite3_int64 size) { return of(file).truncate(size); }
int x_sync(sqlite3_file* file, int) { return of(file).sync(); }
int x_file_size(sqlite3_file* file, sqlite3_int64* out) {
    *out = of(file).size();
    return SQLITE_OK;
}
int x_lock(sqlite3_file* file, int level) { return of(file).lock(level); }
int x_unlock(sqlite3_file* file, int level) { return of(file).unlock(level); }
int x_check_reserved(sqlite3_file* file, int* out) {
    *out = of(file).reserved() ? 1 : 0;
    return SQLITE_OK;
}
int x_control(sqlite3_file* file, int what, void* argument) { return of(file).control(what, argument); }
int x_sector_size(sqlite3_file*) { return 4096; }
int x_characteristics(sqlite3_file*) { return SQLITE_IOCAP_POWERSAFE_OVERWRITE; }
int x_shm_map(sqlite3_file* file, int region, int bytes, int extend, void volatile** out) {
    return of(file).map_index(region, bytes, extend != 0, out);
}
int x_shm_lock(sqlite3_file* file, int first, int count, int flags) { return of(file).lock_index(first, count, flags); }
void x_shm_barrier(sqlite3_file* file) { of(file).barrier(); }
int x_shm_unmap(sqlite3_file* file, int remove) {
    of(file).unmap_index(remove != 0);
    return SQLITE_OK;
}

const sqlite3_io_methods methods = {2, x_close, x_read, x_write, x_truncate, x_sync, x_file_size, x_lock, x_unlock, x_check_reserved, x_control, x_sector_size,
                                    x_characteristics, x_shm_map, x_shm_lock, x_shm_barrier, x_shm_unmap, nullptr, nullptr};

int x_open(sqlite3_vfs*, const char* name, sqlite3_file* file, int flags, int* out_flags) {
    file->pMethods = nullptr;
    process& who = running();
    disk& on = who.machine.disk;
    const std::string path = name == nullptr ? std::string() : name;
    int problem = on.before(disk::call::name, path);
    disk::node node;
    bool made = false;
    if (problem == 0 && path.empty()) {
        node = on.anonymous();
    } else if (problem == 0) {
        made = on.find(path, problem) == nullptr;
        node = on.open(path, (flags & SQLITE_OPEN_CREATE) != 0, (flags & SQLITE_OPEN_EXCLUSIVE) != 0, problem);
    }
    if (!node) {
        last_problem() = problem;
        return SQLITE_CANTOPEN;
    }
    auto* out = reinterpret_cast<opened*>(file);
    out->file = new vfs_file(on, who.id, std::move(node), path, flags);
    if (made && (flags & (SQLITE_OPEN_WAL | SQLITE_OPEN_MAIN_JOURNAL | SQLITE_OPEN_SUPER_JOURNAL)) != 0) out->file->sync_directory_once();
    file->pMethods = &methods;
    if (out_flags != nullptr) *out_flags = flags;
    return SQLITE_OK;
}

int x_delete(sqlite3_vfs*, const char* name, int sync_directory) {
    disk& on = running().machine.disk;
    int problem = on.before(disk::call::name, name);
    if (problem == 0) problem = on.remove(name);
    if (problem == ENOENT) return SQLITE_IOERR_DELETE_NOENT;
    if (problem == 0 && sync_directory != 0) problem = on.sync_directory(io::parent_of(disk::normal(name)));
    last_problem() = problem;
    return problem == 0 ? SQLITE_OK : SQLITE_IOERR_DELETE;
}

int x_access(sqlite3_vfs*, const char* name, int flags, int* out) {
    int problem = 0;
    const auto node = running().machine.disk.find(name, problem);
    *out = node && (flags != SQLITE_ACCESS_EXISTS || node->directory || node->now.size() > 0) ? 1 : 0;
    return SQLITE_OK;
}

int x_full_path(sqlite3_vfs*, const char* name, int size, char* out) {
    const std::string path = disk::normal(name);
    if (path.size() >= static_cast<std::size_t>(size)) return SQLITE_CANTOPEN;
    std::memcpy(out, path.c_str(), path.size() + 1);
    return SQLITE_OK;
}

// Called with a mutex of SQLite's held: must not give way.
int x_randomness(sqlite3_vfs*, int size, char* out) {
    for (int i = 0; i < size; ++i) out[i] = static_cast<char>(now->randomness.next());
    return size;
}

int x_sleep(sqlite3_vfs*, int us) {
    now->all->bodies.sleep(std::chrono::microseconds(us));
    return us;
}

int x_current_time(sqlite3_vfs*, sqlite3_int64* out) {
    constexpr sqlite3_int64 julian_epoch_ms = 210'866'760'000'000;  // 1970-01-01 as a Julian day, in ms
    *out = running().time.wall_ms() + julian_epoch_ms;
    return SQLITE_OK;
}

int x_last_error(sqlite3_vfs*, int, char*) { return last_problem(); }

sqlite3_vfs the_vfs = {2, sizeof(opened), 1024, nullptr, "sim", nullptr, x_open, x_delete, x_access, x_full_path, nullptr, nullptr, nullptr, nullptr,
                       x_randomness, x_sleep, nullptr, x_last_error, x_current_time, nullptr, nullptr, nullptr};

// SQLite's memory, zeroed: what it leaves in the unused parts of pages must not depend on what was in the heap.
constexpr std::size_t head = 16;
void* zeroed(int size) {
    auto* at = static_cast<char*>(std::calloc(1, static_cast<std::size_t>(size) + head));
    if (at == nullptr) return nullptr;
    std::memcpy(at, &size, sizeof size);
    return at + head;
}
int size_of(void* at) {
    int size = 0;
    if (at != nullptr) std::memcpy(&size, static_cast<char*>(at) - head, sizeof size);
    return size;
}
void give_back(void* at) {
    if (at != nullptr) std::free(static_cast<char*>(at) - head);
}
void* resized(void* at, int size) {
    void* larger = zeroed(size);
    if (larger == nullptr) return nullptr;
    std::memcpy(larger, at, static_cast<std::size_t>(std::min(size, size_of(at))));
    give_back(at);
    return larger;
}
int rounded(int size) { return (size + 7) & ~7; }
int begin_memory(void*) { return SQLITE_OK; }
void end_memory(void*) {}

}  // namespace

void enter_world(world& here) {
    if (now != nullptr) std::abort();
    static const bool prepared = [] {
        static sqlite3_mem_methods memory = {zeroed, give_back, resized, size_of, rounded, begin_memory, end_memory, nullptr};
        return sqlite3_config(SQLITE_CONFIG_MALLOC, &memory) == SQLITE_OK && sqlite3_initialize() == SQLITE_OK &&
               sqlite3_vfs_register(&the_vfs, 1) == SQLITE_OK;
    }();
    if (!prepared) std::abort();
    now = new current_world{&here, here.stream("sqlite")};
    sqlite3_randomness(0, nullptr);
}

void leave_world() {
    delete now;
    now = nullptr;
}

}  // namespace sim
