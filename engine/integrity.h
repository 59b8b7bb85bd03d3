// SQLite's own word on a finished image.
#pragma once

#include <string>

#include "io/error.h"

namespace engine {

enum class integrity_level { none, quick, full };

// Runs PRAGMA quick_check or integrity_check on a database file that nobody writes to, without creating, changing or locking anything
// (immutable=1, https://sqlite.org/uri.html); an existing -wal is not looked at. Blocking, and reads all of the file. corrupt
// (subject::integrity) with SQLite's first findings; other errors of SQLite as they are, for instance if the schema needs a collation
// that is not there.
io::result<void> check_integrity(const std::string& path, integrity_level level);

}  // namespace engine
