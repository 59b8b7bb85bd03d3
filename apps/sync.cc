// flotilla sync: waits until what was committed is in the store.
#include "apps/requests.h"

namespace apps {

namespace {

constexpr const char* examples =
    "Examples:\n"
    "  flotilla sync app.db                        every commit made before this is in the store when it ends with exit code 0\n"
    "  flotilla sync app.db users.db               of several\n"
    "  flotilla sync app.db --timeout 5s || ...    a barrier: what follows must not happen before the commit is safe\n"
    "\n"
    "Asks the running watch, which does not wait for --min-interval then, and prints the TXID up to which the stream is in the store. With any\n"
    "other exit code nothing is known, though the watch goes on shipping: 1 no answer in time, 4 the store, 2 no such stream here.";

}  // namespace

void add_sync(CLI::App& program, action& chosen) {
    add_request_command(program, chosen,
                        {"sync", "wait until everything committed so far is in the store", examples, engine::request_box::kind::sync,
                         std::chrono::seconds(30), "how long to wait"});
}

}  // namespace apps
