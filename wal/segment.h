// The fixed part of a segment file: frames of one generation of a log, copied to where the log may be restarted without losing them. It
// says which log they are of, where in it they began, what they follow in the stream; and, once the log was restarted without a gap, which
// generation follows. The layout is in this folder's README. Pure. All integers are big-endian.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "io/bytes.h"
#include "io/error.h"
#include "wal/format.h"
#include "wal/position.h"

namespace wal {

inline constexpr std::uint64_t segment_header_size = 256;  // the frames follow, as they were in the log
inline constexpr std::uint64_t seal_offset = 128;          // of the half of it that is written last
inline constexpr std::uint32_t segment_version = 1;

// What the frames of a segment come after: the object of the stream that ended where they begin.
struct segment_base {
    std::uint64_t txid = 0;        // 0: none, or not known: they come after those of another segment
    std::uint64_t post = 0;        // database checksum at that TXID
    std::uint32_t page_count = 0;  // of the database at that TXID
    friend bool operator==(const segment_base&, const segment_base&) = default;
};

struct segment_head {
    std::uint64_t stream = 0;  // whose frames they are: the number in the directory's name
    header log;                // of the log that they were copied from
    position start;            // of the first frame in that log, running checksum included
    segment_base base;
};

// Written once the generation is over and nothing of it was missed.
struct segment_seal {
    position end;                  // of the last frame
    header next;                   // of the log as the restart left it
    bool own_frame_first = false;  // that begins with a frame of ours, which changes nothing
};

struct segment_front {
    segment_head head;
    std::optional<segment_seal> seal;
};

using segment_bytes = std::array<std::uint8_t, segment_header_size>;
segment_bytes encode_segment(const segment_head& head);
// Puts the seal into it.
void encode_seal(const segment_seal& seal, segment_bytes& into);

// From a file's first bytes. corrupt (subject::general) if they are fewer than segment_header_size, or do not validate: magic, version,
// checksum, the log's header, an offset that no frame has. A seal that does not validate is none: it was torn, and nothing relies on it.
io::result<segment_front> decode_segment(io::byte_view file_start);

}  // namespace wal
