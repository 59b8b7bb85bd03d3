// What exists while a database is followed: the lock that keeps other processes of ours away, the pinned database, its log, its page sums.
#pragma once

#include <cstdint>
#include <memory>

#include "io/file_system.h"
#include "ltx/page_sums.h"
#include "wal/live_database.h"
#include "wal/log_reader.h"
#include "wal/position.h"

namespace engine {

struct attachment {
    std::unique_ptr<io::file> lock;
    std::unique_ptr<wal::live_database> live;
    wal::log_reader log;
    ltx::page_sums sums;

    // The first frame of the generation is our own and changes nothing: alone it is no reason for an object.
    bool own_frame_first = false;
    // Under the write lock that take() held, the log ended exactly where the stream did: the restart that followed lost nothing.
    bool drained_at_take = false;
    bool restarted_at_take = false;
};

}  // namespace engine
