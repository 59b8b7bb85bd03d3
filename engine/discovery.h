// Which databases a target means. Blocking.
#pragma once

#include <string>
#include <vector>

#include "engine/options.h"
#include "io/error.h"
#include "io/file_system.h"

namespace engine {

struct candidate {
    std::string name;  // of the stream
    std::string path;  // absolute, symbolic links resolved: where SQLite keeps the -wal beside it
    stream_options settings;
    bool named = false;  // by the user: it is waited for when it is gone
};

struct discovery {
    std::vector<candidate> found;
    std::vector<std::string> directories;  // that must be watched to see new databases and writes to these
};

// For a file: itself, whether or not it is a database. For a directory: every file below it that may be a database by its size and
// name (whether it is one only SQLite can say, for a database must not be opened by anybody else), named by its path relative to
// the directory. Directories are followed 32 deep and each once; `excluded` (our own) are left out. not_found, access_denied (subject::database) for the target
// itself; trouble further below skips that part and leaves it to the next sweep. invalid (subject::usage) for a bad name.
io::result<discovery> discover(io::file_system& files, const target& what, const std::vector<std::string>& excluded);

// The database that a file belongs to: "x" for "x", "x-wal", "x-shm" and "x-journal".
std::string database_of(const std::string& file_name);

}  // namespace engine
