// From the paths that somebody named to what the engine is to follow.
#pragma once

#include <string>
#include <vector>

#include "engine/options.h"
#include "io/error.h"
#include "io/file_system.h"

namespace apps {

struct wanted {
    std::string path;    // a file, a directory, or a glob of them
    std::string name;    // as in NAME=PATH; empty if not given
    engine::stream_options settings;
    std::string said;    // "flotilla.toml:7: " or empty, before messages
};

// Splits NAME=PATH at the first '='. A text that names something that exists is a path, whatever is in it. Blocks.
wanted split_argument(io::file_system& files, const std::string& argument);

// Whether the text has *, ? or [ and nothing of that very name exists. Blocks.
bool is_glob(io::file_system& files, const std::string& path);

// A glob's matches are named by their path from its
// last directory without a wildcard, so that "/srv/*/app.db" gives "one/app.db" and "two/app.db"; the companions of databases (-wal,
// -shm, -journal) and names that begin with a dot are not matched by a wildcard. invalid (subject::usage): a glob that matches nothing,
// or that has a name. A path that does not exist: not_found (subject::database). Blocks.
io::result<std::vector<engine::target>> expand(io::file_system& files, const wanted& what);

}  // namespace apps
