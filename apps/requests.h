// What `snapshot`, `sync` and `retry` have in common: they ask the running watch about streams, and print its answers.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "apps/flags.h"
#include "engine/request_box.h"

namespace CLI {
class App;
}

namespace apps {

struct request_flags : flags {
    std::vector<std::string> streams;
    io::duration timeout{};
};

// NAME..., --timeout (`patience` if it is not given), --state, --config, --json. `help` is the timeout's.
void add_request_flags(CLI::App& command, const std::shared_ptr<request_flags>& into, io::duration patience, const std::string& help);
// --timeout alone.
void add_timeout_flag(CLI::App& command, io::duration& into, const std::string& help);

// Asks about all streams at once and prints a TXID a line, in the order given (with more than one stream its name before it), or a JSON object.
// The first error is returned, others are printed.
io::result<void> ask_each(engine::request_box::kind what, const request_flags& given);

}  // namespace apps
