// flotilla retry: tries again what the store refused for good.
#include "apps/requests.h"

namespace apps {

namespace {

constexpr const char* examples =
    "Examples:\n"
    "  flotilla status                     shows which streams are halted, and why\n"
    "  flotilla retry app.db               try again now that the reason is gone\n"
    "\n"
    "A store that refuses an object for good (a key without permission, for instance) halts that stream: shipping what comes after it would\n"
    "leave a hole. Nothing is lost meanwhile; commits wait in the log and on local disk. When the reason is gone, this or a restart of the watch\n"
    "goes on. Prints the TXID up to which the stream is in the store, once the refused object is.";

}  // namespace

void add_retry(CLI::App& program, action& chosen) {
    add_request_command(program, chosen,
                        {"retry", "go on with a halted stream", examples, engine::request_box::kind::retry,
                         std::chrono::seconds(30), "how long to wait"});
}

}  // namespace apps
