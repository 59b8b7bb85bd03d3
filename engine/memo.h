// What is remembered of a stream between runs: a row of state.db. It is a memo, not the truth: the store is the truth and the WAL
// is the log; a memo that is behind is caught up from the newest object's own header.
#pragma once

#include <cstdint>
#include <string>

#include "io/file_system.h"
#include "wal/position.h"

namespace engine {

struct memo {
    std::string stream;
    std::string path;                  // the database, absolute
    io::file_identity identity;        // of the database file when this was written
    std::uint64_t epoch = 0;           // the writer's, in the node id of every object it wrote
    std::uint64_t txid = 0;            // the newest durable TXID; 0: nothing is in the store yet
    std::uint32_t page_size = 0;       // bytes
    std::uint32_t page_count = 0;      // of the database at `txid`
    std::uint64_t post = 0;            // database checksum at `txid`
    wal::position position;            // where the log goes on after `txid`
    bool own_frame_first = false;      // `position` is before a frame that a handoff of ours committed and that changes nothing
    std::uint64_t snapshot_txid = 0;   // newest durable snapshot
    std::int64_t snapshot_ms = 0;      // when it was made, ms since 1970
    std::int64_t durable_ms = 0;       // when `txid` was confirmed, ms since 1970
    std::int64_t gone_ms = 0;          // since when the database file is missing, ms since 1970; 0: it is followed, or was there
    // For people (flotilla status); decides nothing.
    std::string state;                 // "streaming", "waiting", "stopped", ...
    std::string problem;               // empty if there is none
    std::uint64_t reanchors = 0;       // how often continuity was lost
    std::string pressure;              // which steps of the ladder the stream stands on ("spilling", "disk limit", ...); empty if on none
    std::uint64_t shadow_bytes = 0;    // frames that wait in local segments, bytes
};

}  // namespace engine
