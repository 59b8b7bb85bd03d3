// flotilla snapshot: asks the running watch for a snapshot.
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
    add_request_command(program, chosen,
                        {"snapshot", "ask the running watch for a snapshot of a stream now", examples, engine::request_box::kind::snapshot,
                         std::chrono::seconds(60), "how long to wait for it"});
}

}  // namespace apps
