// Which objects of a stream give its database back at a point. Pure: decided from names alone; who applies them checks the bytes.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/replica.h"
#include "io/error.h"

namespace engine {

// What somebody wants back.
struct restore_target {
    enum class what { latest, txid, time };
    what kind = what::latest;
    std::uint64_t txid = 0;       // for txid
    std::int64_t time_ms = 0;     // for time: ms since 1970, UTC

    static restore_target latest() { return {}; }
    static restore_target at_txid(std::uint64_t txid) { return {what::txid, txid, 0}; }
    static restore_target at_time(std::int64_t wall_ms) { return {what::time, 0, wall_ms}; }
};

// Every TXID that a restore can end at, ascending: where a snapshot ends, and where a file ends that follows on from such a point.
std::vector<std::uint64_t> restorable_points(const std::vector<stored_file>& files);

// The files to apply, in order, to end exactly at `txid` (F1): the newest snapshot at or before it (A9), then over all levels the
// file that touches or overlaps what was reached and reaches furthest without passing it. Errors:
//   not_found, subject::integrity      there are no files at all
//   gap, subject::integrity            TXIDs are missing before `txid` (named), or nothing starts at TXID 1
//   out_of_range, subject::target      before the earliest point, after the newest, or inside a file that carries several TXIDs; the
//                                      nearest points are named
io::result<std::vector<stored_file>> plan_restore(const std::vector<stored_file>& files, std::uint64_t txid);

// The newest TXID in the store. not_found as plan_restore. A stream with a hole before it has no plan for it, and that is meant: the
// latest state is what was asked for, not the latest that happens to be left.
io::result<std::uint64_t> newest_txid(const std::vector<stored_file>& files);

}  // namespace engine
