// Everything the engine takes from the outside world, by reference: no globals. The real one is put together in apps; a simulated
// one runs the same engine on virtual time. Members must outlive whoever holds the environment.
#pragma once

#include <functional>

#include "io/clock.h"
#include "io/file_system.h"
#include "io/log.h"
#include "io/offload.h"
#include "io/random.h"
#include "io/task.h"
#include "io/watcher.h"

namespace io {

struct environment {
    executor on;  // the event loop: one thread
    clock& time;
    random& dice;
    file_system& files;
    offload& elsewhere;
    log& journal;
    std::function<result<std::unique_ptr<watcher>>()> make_watcher;
};

}  // namespace io
