#include "tests/support/halting_vfs.h"

#include <sqlite3.h>

#include <utility>

namespace tests {

namespace {

std::function<void()> halt;
sqlite3_vfs registered;
sqlite3_io_methods log_methods;
int (*real_sync)(sqlite3_file*, int) = nullptr;

int sync_log(sqlite3_file* file, int flags) {
    halt();
    return real_sync(file, flags);
}

int open_file(sqlite3_vfs*, const char* name, sqlite3_file* file, int flags, int* out_flags) {
    sqlite3_vfs* real = sqlite3_vfs_find(nullptr);
    const int rc = real->xOpen(real, name, file, flags, out_flags);
    if (rc != SQLITE_OK || (flags & SQLITE_OPEN_WAL) == 0) return rc;
    log_methods = *file->pMethods;
    real_sync = std::exchange(log_methods.xSync, sync_log);
    file->pMethods = &log_methods;
    return rc;
}

}  // namespace

halting_vfs::halting_vfs(std::function<void()> before_log_sync) {
    halt = std::move(before_log_sync);
    registered = *sqlite3_vfs_find(nullptr);
    registered.zName = "halting";
    registered.xOpen = open_file;
    sqlite3_vfs_register(&registered, 0);
}

halting_vfs::~halting_vfs() { sqlite3_vfs_unregister(&registered); }

}  // namespace tests
