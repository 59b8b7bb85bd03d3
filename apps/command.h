// What a command is: it adds itself to the parser, and `chosen` is what to do if it is the one that was named.
#pragma once

#include <functional>
#include <string>

#include "io/error.h"

namespace CLI {
class App;
}

namespace apps {

using action = std::function<io::result<void>()>;

void add_watch(CLI::App& program, action& chosen);
void add_restore(CLI::App& program, action& chosen);
void add_list(CLI::App& program, action& chosen);
void add_verify(CLI::App& program, action& chosen);
void add_snapshot(CLI::App& program, action& chosen);
void add_sync(CLI::App& program, action& chosen);
void add_retry(CLI::App& program, action& chosen);
void add_status(CLI::App& program, action& chosen);
void add_store_check(CLI::App& program, action& chosen);

// A subcommand with its one-line description, its examples and what every command has (--version).
CLI::App* add_command(CLI::App& program, const std::string& name, const std::string& description, const std::string& more);

}  // namespace apps
