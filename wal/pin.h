// What keeps a log's generation from being restarted while there are frames in it that nobody captured. Behind an interface, because
// a process of its own can do it with locks alone (formats.md), where an embedding host needs connections. Blocking.
#pragma once

#include <cstdint>
#include <functional>

#include "io/error.h"
#include "wal/wal_index.h"

namespace wal {

// Called under the database's write lock, so that no frame can come any more: captures what is in the log up to `now.max_frame` and makes
// it durable, or finds that it was. False: give up, the log must not be restarted.
using drain = std::function<io::result<bool>(const wal_index& now)>;

struct handoff {
    enum class outcome {
        handed_off,     // the log was restarted, drained before, and is pinned: continuity is proven
        not_restarted,  // a reader or writer of the application was in the way; nothing is lost, the log is still pinned
        lost,           // the log was restarted but not by us: there may be frames that nobody saw
    };
    outcome what = outcome::not_restarted;
    bool own_frame_first = false;   // the new generation began with our own frame, which changes nothing
    std::uint64_t locked_ns = 0;    // how long writers were kept out
};

class pin {
public:
    virtual ~pin() = default;

    // Takes the pin; afterwards no frame that the wal-index counts can vanish. If the log is empty or fully backfilled this commits a
    // frame that changes nothing, under the write lock, after `before` has looked (its answer is not asked: there is nothing to keep).
    // handed_off: that happened, and everything up to then was seen by `before`. not_restarted: pinned as it was. busy if writers hold
    // the lock for longer than the connection's busy time.
    virtual io::result<handoff> take(const drain& before) = 0;

    // Nothing of the log is needed any more: the application's checkpoints do with it what they like, until take() is called again.
    virtual void let_go() = 0;

    // Moves the pin to the newest commit, so that the application's checkpoints need not wait for it. No gap.
    virtual io::result<void> advance() = 0;

    // Restarts the log without a gap: everything is captured by `before`, under the write lock, before the restart. Precondition: taken.
    // Errors: gap (subject::database) if the pin was lost, then the caller attaches anew; anything `before` says; else as SQLite says,
    // and the log is still pinned. Writers that keep the write lock for longer than the busy time are not an error: not_restarted.
    virtual io::result<handoff> hand_off(const drain& before) = 0;
};

}  // namespace wal
