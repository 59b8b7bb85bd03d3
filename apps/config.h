// flotilla.toml. Strict: what is not understood or contradicts itself is an error with file, line and key, never passed over. Pure.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "apps/settings.h"
#include "apps/webhook.h"
#include "io/error.h"

namespace apps {

// Where something was said: "flotilla.toml:7".
struct place {
    std::string file;
    unsigned line = 0;
    std::string text() const;
};

struct database_entry {
    std::string path;  // file, directory or glob
    std::string name;  // empty if not given
    engine::stream_changes changes;
    place said;
};

struct stream_entry {
    engine::stream_changes changes;
    place said;
};

struct webhook_entry {
    webhook to;              // its secret only if that stands in the file
    std::string secret_env;  // the environment variable that holds it, else empty
    place said;
};

struct config {
    settings general;
    std::vector<database_entry> databases;         // [[database]]
    std::map<std::string, stream_entry> streams;   // [stream."name"]
    std::vector<webhook_entry> webhooks;           // [[webhook]]
};

// invalid (subject::usage): not TOML, an unknown key, a wrong type, a value that is refused, a [[database]] without a path, the same
// path or name twice, a [[webhook]] without a URL or with two secrets. Messages show no secret, and of a webhook's URL not the path. `file` is its name for messages; relative paths in it stay as they are (see anchor()).
io::result<config> parse_config(std::string_view text, const std::string& file);

// Relative paths in the file (to, state, path, ca) are meant from the directory that the file is in.
void anchor(config& what, const std::string& directory);

}  // namespace apps
