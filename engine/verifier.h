// Whether what a store holds of a stream is what it claims to be. Reads every byte of it; writes nothing.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "io/environment.h"
#include "io/object_store.h"
#include "io/task.h"

namespace engine {

struct finding {
    enum class severity {
        doubt,  // something cannot be restored, or is not what it claims
        note,   // worth knowing, harmless to every restore of a point that is reported as restorable
    };
    severity how = severity::doubt;
    std::string key;   // the object, or the stream's name if it is about no single one
    std::string text;
};

struct verify_point {
    std::uint64_t txid = 0;             // 0: there is none
    std::int64_t timestamp_ms = 0;
};

struct verify_report {
    std::vector<finding> findings;
    verify_point earliest;              // of the points proven restorable
    verify_point newest;
    std::uint64_t files = 0;
    std::uint64_t snapshots = 0;
    std::uint64_t bytes = 0;            // read from the store
    // The database checksum was recomputed, page by page, at so many TXIDs where the files claim one, and was right.
    std::uint64_t checksums_confirmed = 0;
    // Of the database at `newest`, recomputed: bytes a page, the checksum of each page in order (0 for the lock page), and of all.
    std::uint32_t page_size = 0;
    std::vector<std::uint64_t> page_sums;
    std::uint64_t database_checksum = 0;

    [[nodiscard]] bool sound() const;   // no doubts
};

struct verify_progress {
    std::uint64_t bytes_done = 0;
    std::uint64_t bytes_total = 0;
};

// Verifies one stream (A13): every object is read whole and decoded with all its checksums, held against its name, applied in the
// order of TXIDs, and the database checksum before and after it recomputed, not believed. Objects that other objects supersede are
// verified, too: two that end at one TXID must agree on every page (B10). TXIDs that are missing are a doubt only if what comes after
// them cannot be restored without them (E3). A stream without objects is a doubt.
// Memory: 8 bytes a page of the database, 16 a page in the files at hand (up to eight, or one of more than 16 MiB), 16 a TXID, and
// 8 MiB of buffers for each of these files.
// `through`: as if the store held nothing that ends after this TXID.
// Errors only for what leaves nothing to say: usage (a bad name), a listing that failed (E10), a store that does not answer; failed
// gets are tried again five times. `env` and `store` must outlive the call; `progress` may be empty.
io::task<io::result<verify_report>> verify(const io::environment& env, io::object_store& store, std::string stream,
                                           std::function<void(const verify_progress&)> progress, std::uint64_t through = UINT64_MAX);

}  // namespace engine
