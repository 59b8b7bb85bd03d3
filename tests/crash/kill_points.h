// Where a test kills flotilla: every io::failpoint() of the program (tests/house/kill_points.sh holds one against the other), and how it comes
// there. To add one: the line in the program, the line here.
#pragma once

#include <cstddef>
#include <ostream>
#include <string_view>

#include "tests/crash/workload.h"

namespace crash {

// What was before the run that dies, or what happens in it.
enum class past {
    nothing,  // the stream's first run
    killed,   // a run was killed while it followed, and the application went on
    unseen,   // the same, and the application restarted the log meanwhile
    tail,     // a run died between the restart of the log and the upload of its tail
    outage,   // the store goes away in the stream's first run, so that frames are spilled
    recovery, // the same, and it comes back
    refused,  // the store refuses the stream's objects from the fourth on
    kept,     // the same in a run that was killed then; now they are accepted
    stuck,    // the store refuses the first snapshot, in a way that may pass, and takes all else
    other,    // a run of another host was killed, and the one that dies takes over
};

enum class place { directory, s3 };

struct kill_point {
    std::string_view name;
    int passes = 1;  // it dies when it comes there for the how manyth time
    kind app = kind::rows;
    past before = past::nothing;
    place store = place::directory;
};

inline void PrintTo(const kill_point& point, std::ostream* to) { *to << point.name; }

inline constexpr kill_point kill_points[] = {
    // Into step with the store.
    {"attach.held", 1, kind::inserts, past::killed},
    {"attach.held", 1, kind::inserts, past::tail},
    {"attach.pinned"},
    {"attach.pinned", 1, kind::inserts, past::killed},
    {"attach.pinned", 1, kind::truncates, past::unseen},
    {"attach.shipped", 1, kind::inserts},
    {"attach.shipped", 1, kind::rows, past::unseen},
    {"attach.done", 1, kind::connections},
    {"attach.done", 1, kind::inserts, past::unseen},
    {"attach.sent", 1, kind::inserts, past::tail},
    // A capture, until it is known to be durable.
    {"capture.taken", 1, kind::inserts},
    {"capture.taken", 9, kind::connections},
    {"capture.taken", 1, kind::rows, past::killed},
    {"ship.done", 1, kind::inserts},
    {"ship.done", 7},
    {"ship.done", 1, kind::inserts, past::killed},
    {"ship.done", 1, kind::truncates, past::unseen},
    {"ship.done", 1, kind::inserts, past::tail},
    {"put.sent", 4, kind::inserts, past::nothing, place::s3},
    {"put.sent", 9, kind::rows, past::nothing, place::s3},
    {"confirm.summed", 4, kind::inserts},
    {"confirm.told", 4, kind::truncates},
    {"sums.torn", 20},
    {"sums.torn", 1, kind::inserts, past::killed},
    {"sums.reset", 1, kind::inserts},
    // Files.
    {"directory.written", 6, kind::inserts},
    {"directory.published", 1, kind::inserts},
    {"directory.published", 6},
    {"file.written", 1, kind::inserts},
    {"file.renamed", 1},
    {"state.written", 1, kind::inserts},
    {"state.written", 4, kind::connections},
    {"state.committed", 1, kind::truncates},
    {"state.committed", 4},
    // The log's restart.
    {"handoff.saved", 1, kind::inserts},
    {"handoff.saved", 3},
    {"handoff.restarted", 1},
    {"handoff.restarted", 1, kind::inserts, past::tail},
    // Segments.
    {"segment.begun", 1, kind::inserts},
    {"segment.written", 1, kind::inserts},
    {"segment.synced", 2, kind::inserts},
    {"segment.ended", 1, kind::inserts},
    {"segment.sealed", 1, kind::inserts},
    {"segment.sealed", 2, kind::inserts, past::tail},
    {"segment.durable", 1, kind::inserts},
    {"segment.removed", 1, kind::inserts},
    {"segment.removed", 1, kind::inserts, past::tail},
    // The store is away, the log is spilled; and it comes back.
    {"segment.begun", 1, kind::rows, past::outage},
    {"segment.written", 2, kind::rows, past::outage},
    {"segment.synced", 2, kind::inserts, past::outage},
    {"segment.ended", 1, kind::truncates, past::outage},
    {"segment.sealed", 2, kind::rows, past::outage},
    {"pin.released", 2, kind::inserts, past::outage},
    {"capture.taken", 6, kind::rows, past::recovery},
    {"segment.durable", 1, kind::rows, past::recovery},
    {"segment.removed", 1, kind::inserts, past::recovery},
    // The store fails while a first snapshot is shipped, the log is spilled.
    {"image.kept", 1, kind::inserts, past::stuck, place::s3},
    {"segment.synced", 1, kind::inserts, past::stuck, place::s3},
    {"segment.sealed", 2, kind::rows, past::stuck, place::s3},
    {"pin.released", 2},
    {"pin.restarted", 2, kind::inserts},
    {"pin.restarted", 1, kind::rows, past::unseen},
    // Objects that the store refuses.
    {"cache.written", 1, kind::inserts, past::refused, place::s3},
    {"cache.renamed", 1, kind::rows, past::refused, place::s3},
    {"object.refused", 1, kind::inserts, past::refused, place::s3},
    {"object.accepted", 1, kind::inserts, past::kept, place::s3},
    {"attach.resent", 1, kind::inserts, past::kept, place::s3},
    // Whose stream it is.
    {"owner.claimed", 1, kind::inserts},
    {"owner.claimed", 1, kind::rows, past::other},
    {"owner.fenced", 1, kind::inserts, past::other},
    // Snapshots, and large objects on S3.
    {"snapshot.begun"},
    {"snapshot.shipped", 1, kind::inserts},
    {"upload.created", 1, kind::rows, past::nothing, place::s3},
    {"upload.sent", 1, kind::inserts, past::nothing, place::s3},
    {"upload.claimed", 1, kind::rows, past::nothing, place::s3},
    {"upload.completed", 1, kind::inserts, past::nothing, place::s3},
};

}  // namespace crash
