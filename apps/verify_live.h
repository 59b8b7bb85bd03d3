// flotilla verify --live: does the store hold exactly what the application sees?
#pragma once

#include <string>

#include "apps/flags.h"

namespace apps {

struct live_flags {
    std::string stream;
    io::duration timeout = std::chrono::minutes(10);  // for the running watch to compare
};

// Prints what was found. Equal only if every page of the live database is what the page sums of TXID n say, and everything in the store up to n is
// sound and gives a database with just these sums. Errors: corrupt (subject::integrity) if they differ or the store is in doubt; usage
// (no such stream, no store named); as the watch, the database or the store says.
io::result<void> verify_live(const flags& given, const live_flags& what);

}  // namespace apps
