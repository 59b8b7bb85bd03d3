// The lock that keeps two processes of ours from one database, whatever their state directories and stores are.
#pragma once

#include <memory>
#include <string>

#include "io/file_system.h"
#include "wal/live_database.h"

namespace engine {

// Held until the file is closed. Errors: held (subject::database) with the holder's words and what to do; the file system's own, with
// "lock directory" before them. Blocks.
io::result<std::unique_ptr<io::file>> lock_database(io::file_system& files, const wal::live_database& live, const std::string& lock_directory,
                                                    const std::string& who);

}  // namespace engine
