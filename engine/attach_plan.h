// How a stream goes on when the engine meets a database: one pure decision from what is remembered, what the store holds, what
// the log says, what the page sums are worth, and who owns the stream.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "engine/memo.h"
#include "engine/owner_plan.h"
#include "io/error.h"
#include "ltx/format.h"
#include "wal/position.h"

namespace engine {

// What the store's listing says, by its newest object.
struct remote_view {
    std::uint64_t head_txid = 0;       // 0: the stream is empty
    std::uint64_t snapshot_txid = 0;   // newest snapshot; 0: none
    std::int64_t snapshot_ms = 0;      // when that was made, as the store says
    std::optional<ltx::header> head;   // of the object that reaches head_txid; none if the stream is empty
    bool restorable = true;            // nothing is missing between a snapshot and the head
};

// What the pinned log says of a position that claims to be in it.
struct log_view {
    // Same generation, long enough, and the running checksum there is the position's; if the position is that of an object which the
    // memo does not know, the log up to there is what that object was made from.
    bool position_holds = false;
    std::string doubt;  // not empty: whatever else is said, the database is not what was shipped, and how that was found out
};

struct attach_input {
    std::optional<memo> remembered;  // as recall() gives it
    remote_view remote;
    owner_view owner;
    // Of the memo's position, or of the remote head's if the head is ours and newer (position_after).
    log_view log;
    // The page sums claim this TXID and prove it; 0: no valid sums.
    std::uint64_t sums_txid = 0;
    io::file_identity identity;
    std::uint32_t page_size = 0;  // of the live database
};

struct attach_decision {
    enum class step {
        begin,       // nothing in the store: TXID 1 is a snapshot
        go_on,       // the log goes on where `base_txid` ended
        difference,  // continuity is not proven: the pages that differ from the sums become the next TXID
        everything,  // nor are the sums: all pages become the next TXID, and a snapshot follows
        refuse,      // see `why`
    };
    step what = step::refuse;
    std::uint64_t base_txid = 0;  // the next object is base_txid + 1
    bool adopt = false;           // the remote head is ours and newer than the memo: take its state first
    bool snapshot = false;        // a snapshot is owed as soon as the stream is in step
    bool loud = false;            // continuity was lost: an event, with `why`
    std::string why;
    io::errc code = io::errc::overtaken;  // for refuse
    std::uint64_t epoch = 0;    // the node id of every object from here on
    bool claim = false;         // its record is to be created before anything is shipped; if it is taken, everything is decided anew
    bool took_over = false;     // from another, whose record was the newest
    // The next object is shipped even if nothing differs: whoever wrote the last one and still lives must collide with it. If it collides itself,
    // with an object that was on its way, everything is decided anew.
    bool fence = false;
};

attach_decision plan_attach(const attach_input& in);

// Whether an object that was left on local disk by the writer `epoch` belongs right after the store's head.
bool follows_head(const remote_view& remote, const ltx::header& object, std::uint64_t epoch);

owned_stream owned_stream_of(const std::optional<memo>& remembered, const remote_view& remote);

// The memo, and if it is lost but the newest object is ours by the owner's record: a memo that says just that. It has TXID 0, so that the
// newest object is adopted as one whose reply was lost, and everything else is proven from its header, the log and the database.
// `identity` is the database file's.
std::optional<memo> recall(std::optional<memo> row, const owner_view& owner, const remote_view& remote, const io::file_identity& identity);

// Where the log goes on after an object of ours: its salts and end are in its header; the running checksum is not (zero), it is
// found by reading the log again.
wal::position position_after(const ltx::header& object);

}  // namespace engine
