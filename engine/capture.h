// From frames of the log, or an image, to an object that can be shipped. Blocking work of the driver (io::offload), apart from its
// coroutines.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "engine/attachment.h"
#include "engine/object_encoder.h"
#include "wal/image.h"

namespace engine {

// What a stream's next object is made for.
struct base_state {
    std::uint64_t txid = 0;
    std::uint32_t page_count = 0;
    std::uint64_t post = 0;
    std::uint64_t epoch = 0;
    wal::position position;
    std::int64_t stamped_ms = 0;  // time of the newest object
};

// Where the frames of an object are read: the log, until that is handed off before the object is durable; from then on segments that hold
// the same frames at the same offsets. Changed only while nothing reads.
struct frame_source {
    struct piece {
        std::shared_ptr<const wal::log_reader> log;
        std::uint64_t end = UINT64_MAX;  // it is good for offsets before this one
    };
    std::vector<piece> pieces;  // in order; at least one

    const wal::log_reader& at(std::uint64_t offset) const {
        for (const auto& each : pieces) {
            if (offset < each.end) return *each.log;
        }
        return *pieces.back().log;
    }
};

struct captured {
    std::shared_ptr<object_encoder> object;  // null: nothing to ship
    std::shared_ptr<frame_source> source;    // what the object's pages are read from
    wal::position after;                     // the end of its frames
    bool of_segment = false;                 // it was read from a segment, so there is more to be read
    bool more = false;                       // the limit ended it
    bool unpublished = false;                // frames follow that the index does not count: look again soon, no event will say so
};

// The commits after `base.position`, up to `end_frame`, as TXID base.txid + 1. `even_own`: also if there is only our own frame. Errors:
// gap (subject::database) if the log is no longer the one that the position is in: attach anew; else as the log says.
io::result<captured> capture_log(attachment& at, const base_state& base, std::uint32_t salt1, std::uint32_t salt2, std::uint32_t end_frame,
                                 std::uint64_t limit, bool even_own, std::int64_t now_ms);

// The same of a segment, which is the front of at.shadow, up to its end; its time is that of the copy. corrupt (subject::general) if it no longer reads as it did when it
// was opened: attach anew.
io::result<captured> capture_segment(io::file_system& files, attachment& at, const base_state& base, std::uint64_t limit, std::int64_t now_ms);

// The time for an object: now, but not before the object it follows, so that "the state at that time" has one answer although the clock
// is set back a little. A step of more than an hour is believed: the old time was wrong.
std::int64_t stamp(std::int64_t now_ms, std::int64_t newest_ms);

// One consistent image of the pinned database up to `mark`, or up to its newest commit if there is no mark. The pin must not be past the
// mark, and must not move while the image is used.
io::result<std::shared_ptr<wal::image>> open_image(attachment& at, const std::optional<wal::position>& mark, std::uint32_t file_pages);

// The checksum of every page, in order, 0 for the lock page: what page_sums::reset takes.
io::result<std::vector<std::uint64_t>> sums_of(const wal::image& from);

// All pages of the image but the lock page; the image lives as long as the list.
page_list all_pages(std::shared_ptr<wal::image> from);
// Those whose checksum is not the one in `known`, and those beyond its count.
io::result<page_list> changed_pages(std::shared_ptr<wal::image> from, const ltx::page_sums& known);

// A header for TXIDs min to max that ends at `mark`.
ltx::header make_header(std::uint64_t min, std::uint64_t max, std::uint32_t page_count, std::uint64_t epoch, std::uint64_t wal_offset,
                        const wal::position& mark, std::int64_t now_ms);

}  // namespace engine
