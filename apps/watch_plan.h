// From flags, file and paths to the engine's options.
#pragma once

#include <string>
#include <vector>

#include "apps/config.h"
#include "apps/places.h"
#include "apps/settings.h"
#include "engine/options.h"
#include "io/error.h"
#include "io/file_system.h"

namespace apps {

struct watch_plan {
    std::string store;          // URL
    bool unsafe_no_conditional_put = false;
    io::level log_level = io::level::info;
    engine::options options;    // all but `who`
    std::vector<webhook> webhooks;
};

// Flags beat the file in everything, also what it says about single databases; defaults beat nothing. Databases named as files go before
// those found in directories, so that NAME=PATH holds whatever else finds the file. Errors, invalid (subject::usage): no store; no
// database; databases both as arguments and in the file; what expand() says; a [stream] that no directory or glob could contain, or that
// is a [[database]] of its own; a secret_env that is not set. Blocks.
io::result<watch_plan> plan_watch(io::file_system& files, const std::vector<std::string>& arguments, const settings& flags,
                                  const config& file, const surroundings& here);

}  // namespace apps
