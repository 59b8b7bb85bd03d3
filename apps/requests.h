// What `snapshot`, `sync` and `retry` have in common: they ask the running watch about streams, and print its answers.
#pragma once

#include <string>

#include "apps/command.h"
#include "apps/flags.h"
#include "engine/request_box.h"

namespace CLI {
class App;
}

namespace apps {

// A command as add_command() makes it, with NAME..., --timeout (`patience` if it is not given; `timeout_help` says for what), --state, --config and
// --json. It asks about all streams at once and prints a TXID a line, in the order given (with more than one stream its name before it), or a JSON
// object. The first error is returned, others are printed.
struct request_command {
    const char* name;
    const char* description;
    const char* examples;
    engine::request_box::kind what;
    io::duration patience;
    const char* timeout_help;
};
void add_request_command(CLI::App& program, action& chosen, const request_command& one);

// --timeout alone.
void add_timeout_flag(CLI::App& command, io::duration& into, const std::string& help);

}  // namespace apps
