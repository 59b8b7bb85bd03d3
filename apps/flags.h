// Flags that several commands have, and how they meet the configuration file.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "apps/config.h"
#include "apps/settings.h"
#include "apps/world.h"
#include "io/directory_store.h"
#include "io/error.h"

namespace CLI {
class App;
class Option;
}

namespace apps {

struct flags {
    std::string config_file;  // --config
    settings given;           // only what was said
    bool json = false;
};

inline constexpr const char* from_help = "the store: a directory, as a path or file:///path, or s3://bucket/prefix";

// Each adds one flag; a setting's text is checked while the command line is parsed. `into` must outlive the parser.
void add_config_flag(CLI::App& command, flags& into);
void add_json_flag(CLI::App& command, flags& into, const std::string& help);
void add_setting_flag(CLI::App& command, flags& into, const std::string& flag, std::string name, const std::string& help);

// The file named by --config, its paths made absolute; an empty one if none was named. Errors: invalid or what reading it says, subject::usage.
io::result<config> read_config(world& here, const flags& given);

// Flags over file. Errors as read_config.
io::result<settings> effective(world& here, const flags& given);

// The store of --from, or the file's `to`, opened for reading. invalid (subject::usage) if neither names one.
io::result<std::shared_ptr<io::object_store>> open_source(world& here, const flags& given);

// --state, the file's `state`, or the default.
io::result<std::string> state_directory(world& here, const flags& given);

}  // namespace apps
