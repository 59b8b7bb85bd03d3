// flotilla snapshot: asks the running watch for a snapshot.
#include <CLI/CLI.hpp>

#include "apps/command.h"
#include "apps/requests.h"

namespace apps {

namespace {

constexpr const char* examples =
    "Examples:\n"
    "  flotilla snapshot app.db                            of a running watch with the default state directory\n"
    "  flotilla snapshot app.db --state /srv/state         of the one with this --state\n"
    "  flotilla snapshot app.db --timeout 10m              a large database takes its time\n"
    "\n"
    "Prints the TXID once the snapshot is in the store.";

}  // namespace

void add_snapshot(CLI::App& program, action& chosen) {
    CLI::App* command = add_command(program, "snapshot", "ask the running watch for a snapshot of a stream now", examples);
    const auto given = std::make_shared<request_flags>();
    add_request_flags(*command, given, std::chrono::seconds(60), "how long to wait for it");
    command->callback([&chosen, given] { chosen = [given] { return ask_each(engine::request_box::kind::snapshot, *given); }; });
}

}  // namespace apps
