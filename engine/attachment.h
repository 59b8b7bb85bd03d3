// What exists while a database is followed: the lock that keeps other processes of ours away, the pinned database, its log, its page sums,
// and the segments that come before the log.
#pragma once

#include <cstdint>
#include <memory>

#include "io/file_system.h"
#include "ltx/page_sums.h"
#include "wal/live_database.h"
#include "wal/log_reader.h"
#include "wal/position.h"
#include "wal/shadow.h"

namespace engine {

struct attachment {
    std::unique_ptr<io::file> lock;
    std::unique_ptr<wal::live_database> live;
    wal::log_reader log;
    ltx::page_sums sums;
    wal::shadow shadow;

    // The first frame of the generation is our own and changes nothing: alone it is no reason for an object.
    bool own_frame_first = false;
};

}  // namespace engine
