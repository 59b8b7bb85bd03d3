// Time and ownership, without a clock that two hosts would have to share. Pure.
#pragma once

#include <algorithm>
#include <optional>

#include "engine/owner_record.h"
#include "io/clock.h"

namespace engine {

// Both clocks of a host. A paused machine stops one of them or the other: what has passed is what the one says that moved further.
struct moment {
    io::instant now;
    std::int64_t wall_ms = 0;

    io::duration until(const moment& later) const {
        return std::max<io::duration>(later.now - now, std::chrono::milliseconds(later.wall_ms - wall_ms));
    }
};

// The owner's side: whether a stream may be shipped as if nobody else could have it. As long as beats are confirmed within the lease of each
// other nobody takes over, for that takes a whole lease without a change; otherwise each stream has to look, once, before its next put.
class lease_state {
public:
    explicit lease_state(io::duration lease) : lease_(lease) {}

    // A beat that was begun then has been confirmed.
    void on_beat(const moment& begun, const moment& confirmed) {
        if (!last_ || last_->until(confirmed) > lease_) in_doubt_ = confirmed.now;
        last_ = begun;
    }
    // Somebody says that he took over.
    void on_told(io::instant now) { in_doubt_ = now; }
    // Whether others may have taken this host for dead.
    bool has_lapsed(const moment& now) const { return !last_ || last_->until(now) > lease_; }
    // Whether a stream that looked for its owner at `looked` (when it began to) must look again.
    bool must_look(const moment& now, io::instant looked) const { return has_lapsed(now) || looked < in_doubt_; }

private:
    io::duration lease_;
    std::optional<moment> last_;
    io::instant in_doubt_ = io::instant::min();  // whoever looked before this does not know enough
};

// The other side: whether a host lives, from what its beat was each time that it was read.
class neighbour {
public:
    enum class life {
        unknown,  // not watched for long enough
        alive,    // its beat has changed within the lease
        dead,     // it has ended, or its beat was the same (or absent) for a whole lease
    };

    // The beat (none: there is none), read by a get that was begun and ended then.
    void on_seen(io::instant begun, io::instant ended, const std::optional<host_beat>& beat) {
        if (!seen_ || beat != beat_) {
            changed_ = seen_.has_value();
            since_ = ended;
            beat_ = beat;
        }
        seen_ = begun;
    }
    std::optional<io::instant> seen() const { return seen_; }
    life judge(io::duration lease) const {
        if (!seen_) return life::unknown;
        if ((beat_ && beat_->ended) || *seen_ - since_ >= lease) return life::dead;
        return changed_ ? life::alive : life::unknown;
    }

private:
    std::optional<io::instant> seen_;
    std::optional<host_beat> beat_;
    io::instant since_{};   // it is what it is since then, or longer
    bool changed_ = false;  // it was another one before
};

}  // namespace engine
