// Who this state directory is in a store, whatever becomes of state.db: the file <state directory>/identity, one line: the identity, the number
// of the newest session, the device and inode of the directory, by which a copy knows that it is one, and the nonce of the process that wanted
// that session, by which one that did not get it knows that another did; each 16 hex digits.
#pragma once

#include <cstdint>
#include <string>

#include "io/environment.h"

namespace engine {

struct writer_identity {
    std::uint64_t writer = 0;   // drawn once; never 0
    std::uint64_t session = 0;  // processes of this directory, counted; written down before the process shows itself in the store
    io::file_identity place;    // of the directory, when this was written
    std::uint64_t nonce = 0;    // of the process of that session; 0: there was none yet

    friend bool operator==(const writer_identity&, const writer_identity&) = default;
};

// Reads it; if there is none, one with `fresh` as its writer is written durably. What cannot be understood is moved aside to
// identity.damaged-<now_ms>, told to `journal`, and counts as none: streams are taken over from the lost identity then. Blocks. Errors: the
// file system's (subject::general); a read that failed is never "none". `place` is what is written there: compare it with place_of().
io::result<writer_identity> open_identity(io::file_system& files, io::log& journal, const std::string& directory, std::uint64_t fresh, std::int64_t now_ms);

// Where the directory is now. Blocks.
io::result<io::file_identity> place_of(io::file_system& files, const std::string& directory);

// Replaces it, durably. Blocks.
io::result<void> save_identity(io::file_system& files, const std::string& directory, const writer_identity& now);

}  // namespace engine
