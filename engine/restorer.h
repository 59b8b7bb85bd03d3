// The way back: a stream's database at a point in time, as a file.
//
//   const auto report = co_await engine::restore(env, store, {.stream = "app", .output = "/tmp/app.db"});
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "engine/integrity.h"
#include "engine/restore_plan.h"
#include "io/environment.h"
#include "io/object_store.h"
#include "io/task.h"

namespace engine {

struct restore_progress {
    std::uint64_t pages_done = 0;
    std::uint64_t pages_total = 0;
};

struct restore_request {
    std::string stream;
    restore_target target;
    std::string output;                                     // path of the file to make; its directory exists
    bool force = false;                                     // replace an existing file
    integrity_level integrity = integrity_level::quick;
    bool dry_run = false;                                   // plan and check what names and indexes tell; nothing is written
    std::function<void(const restore_progress&)> progress;  // may be empty; called on the event loop's thread
    std::function<bool()> give_up;                          // the same; asked between pieces of work: true ends it, and nothing is left
};

struct restore_report {
    std::uint64_t txid = 0;
    std::int64_t timestamp_ms = 0;       // of that TXID, from its file's header
    std::uint32_t page_size = 0;         // bytes
    std::uint32_t page_count = 0;        // of the database
    std::uint64_t fetched_bytes = 0;     // from the store
    std::vector<std::string> keys;       // the objects, in the order of their TXIDs
    // Whether the database checksum of the image was known and compared. If not (files that Litestream wrote), every file was read
    // whole and its own checksum verified.
    bool database_checksum = false;
};

// Restores, exactly at the target or not at all. Only the newest version of each page is fetched, by ranged gets of up to 4 MiB, eight
// at a time, and written once into a temporary beside the output; the temporary is checked, synced and renamed, and on every failure
// removed. Checked (A6, F13, B3): each object against its name, the chain of headers, page sizes and known checksums, that growth brings
// its pages, every page's presence, and the database checksum of the pages written against the last file's claim; then SQLite's check.
// An existing output is looked at first and untouched until all that is done (A14).
//
// Memory: 16 bytes a page of the image, 200 a file, about 45 MiB of buffers, up to 32 MiB of small objects, and while indexes are read
// 16 bytes for each page in sixteen files.
//
// Errors:
//   as plan_restore and txid_at;
//   usage:      invalid for a bad stream name or an empty output;
//   target:     already_exists (output, or a -wal, -shm or -journal that would be played into it, and no force), busy (force, but
//               somebody has the output open), not_found (its directory), invalid (it is a directory), no_space, and what writing says;
//   store:      what the store says; failed gets are tried again five times;
//   general:    canceled, if `give_up` said so;
//   integrity:  corrupt, gap, unsupported: an object's contents, named by its key; corrupt from check_integrity.
// `env` and `store` must outlive the call.
io::task<io::result<restore_report>> restore(const io::environment& env, io::object_store& store, restore_request request);

}  // namespace engine
