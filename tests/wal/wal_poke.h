// Damages a database's wal-index the way a writer leaves it that was killed in the middle of changing it.
#pragma once

#include <sqlite3.h>

#include <cstdint>

namespace tests {

// `on` has the database open in WAL mode and has read from it.
inline void tear_index(sqlite3* on) {
    sqlite3_file* file = nullptr;
    void volatile* region = nullptr;
    sqlite3_file_control(on, "main", SQLITE_FCNTL_FILE_POINTER, &file);
    file->pMethods->xShmMap(file, 0, 32768, 0, &region);
    auto* at = static_cast<volatile std::uint8_t*>(region);
    at[48 + 8] = static_cast<std::uint8_t>(at[48 + 8] + 1);  // the change counter of the second copy, which is written first
}

}  // namespace tests
