#include "engine/database_lock.h"

#include <fmt/format.h>

#include "io/hex.h"

namespace engine {

io::result<std::unique_ptr<io::file>> lock_database(io::file_system& files, const wal::live_database& live, const std::string& lock_directory,
                                                    const std::string& who) {
    const io::file_identity id = live.identity();
    if (auto ok = files.make_directories(lock_directory); !ok) return ok.error().within("lock directory");
    auto lock = files.lock(io::join(lock_directory, io::hex16(id.device) + "-" + io::hex16(id.inode) + ".lock"), who);
    if (lock) return lock;
    if (lock.error().code != io::errc::held) return lock.error().within("lock directory");
    return io::error{io::errc::held, io::subject::database,
                     fmt::format("{} is already watched by: {}. Stop that one first; two watchers of one database would contend for its stream",
                                 live.path(), lock.error().context)};
}

}  // namespace engine
