// flotilla snapshot: asks the running watch for a snapshot.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "apps/command.h"
#include "apps/flags.h"
#include "apps/json.h"
#include "apps/quantity.h"
#include "engine/request_box.h"

namespace apps {

namespace {

constexpr const char* examples =
    "Examples:\n"
    "  flotilla snapshot app.db                            of a running watch with the default state directory\n"
    "  flotilla snapshot app.db --state /srv/state         of the one with this --state\n"
    "  flotilla snapshot app.db --timeout 10m              a large database takes its time\n"
    "\n"
    "Prints the TXID once the snapshot is in the store.";

struct snapshot_flags : flags {
    std::string stream;
    io::duration timeout = std::chrono::seconds(60);
};

io::result<void> snapshot(const snapshot_flags& given) {
    world here;
    auto state = state_directory(here, given);
    if (!state) return state.error();
    auto txid = here.run(engine::ask_for_snapshot(here.env, *state, given.stream, given.timeout));
    if (!txid) return txid.error();
    if (given.json) (void)print_line(json_object().add("stream", given.stream).add("txid", *txid));
    else fmt::print("{}\n", *txid);
    return {};
}

}  // namespace

void add_snapshot(CLI::App& program, action& chosen) {
    CLI::App* command = add_command(program, "snapshot", "ask the running watch for a snapshot of a stream now", examples);
    const auto given = std::make_shared<snapshot_flags>();
    command->add_option("NAME", given->stream, "the stream")->required()->type_name("");
    const auto take_timeout = [given](const std::string& text) {
        auto parsed = parse_duration(text);
        if (!parsed) throw CLI::ValidationError("--timeout", parsed.error().context);
        given->timeout = *parsed;
    };
    command->add_option_function<std::string>("--timeout", take_timeout, "how long to wait for it [60s]")->type_name("TIME");
    add_setting_flag(*command, *given, "--state", "state", "the state directory of the watch [as for watch]");
    add_config_flag(*command, *given);
    add_json_flag(*command, *given, "the answer as a JSON object");
    command->callback([&chosen, given] { chosen = [given] { return snapshot(*given); }; });
}

}  // namespace apps
