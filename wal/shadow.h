// The frames of one stream that were copied from its log and are not durable in the store: segments in a directory of their own, read in
// order before the log itself. What append() returned for is durable, so the log may be restarted; nothing is removed but what the caller
// says is durable in the store (A5). Blocking; one thread at a time, but a segment's own reader may be used meanwhile.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "io/file_system.h"
#include "wal/log_reader.h"
#include "wal/segment.h"

namespace wal {

struct segment {
    std::uint64_t number = 0;  // its name: io::hex16 (F12); counts up
    std::string path;
    segment_head head;
    position end;  // after the newest commit that is durable in it
    std::optional<segment_seal> seal;

    // Whether all of it is before `p`, in the same generation.
    bool ends_by(const position& p) const { return p.salt1 == end.salt1 && p.salt2 == end.salt2 && end.offset <= p.offset; }
    std::uint64_t bytes() const { return segment_header_size + end.offset - head.start.offset; }
    // Whether `p` is a place in it, its ends included. Says nothing of the running checksum.
    bool has(const position& p) const;
    // Where the stream goes on after it: the start of the generation that follows, or its own end if that is not known.
    position after() const { return seal ? start_of(seal->next) : end; }
};

class shadow {
public:
    struct opened;
    // Reads what is in `directory` (the first append creates it), every frame of it. A last segment that is not sealed is cut after its newest commit:
    // what follows was being written when the process died, and nothing relied on it (E1). Files that are damaged, or of another
    // stream, are renamed to <name>.damaged-<now_ms> and told in `troubles` (corrupt, subject::general, with the new name). `files` must
    // outlive this. Errors: the file system's; then nothing was changed, or what was is as above.
    static io::result<opened> open(io::file_system& files, std::string directory, std::uint64_t stream, std::int64_t now_ms);

    // All of them, and the first that is not durable in the store; null: the stream goes on in the log itself.
    const std::deque<segment>& segments() const { return segments_; }
    const segment* front() const { return durable_ < segments_.size() ? &segments_[durable_] : nullptr; }
    std::uint64_t bytes() const;  // on disk
    // Where copying goes on, if the stream is at `at`: there, or behind the last segment.
    position goes_on_from(const position& at) const { return front() ? segments_.back().after() : at; }

    // `base`: the newest object in the store, which ended where the first segment begins. Copies the frames of `log` from `from` to `end` (bytes, the end of a commit) behind the last segment, if they continue it in the same
    // generation, else into a new one; durable on return. What is long is synced in groups. Nothing to do if end is
    // from.offset. gap (subject::database) if the log is not what `from` says, or its frames do not lead to a commit at `end`; else the
    // file system's errors, with what was durable before kept, and the next append begins a new segment: try again when there is room.
    io::result<void> append(const log_reader& log, const segment_base& base, const position& from, std::uint64_t end);

    // The log was restarted after the last segment's end and nothing was missed: `next` is its header now. Durable on return; on an error
    // it holds for this process all the same, and a later one has to compare the database. Precondition: there is a segment, and the last is
    // not sealed.
    io::result<void> seal(const header& next, bool own_frame_first);

    // A reader on the segment, which takes offsets of the log.
    io::result<log_reader> reader(const segment& of) const;

    // Comes into step with the stream, whose newest durable object ends at `at`: segments before that place are durable; those that follow
    // each other without a hole are kept; what comes behind a hole is set aside. Found if `at` is a place in a
    // segment, or after one in its generation or the one that follows; then a zero running checksum is filled in if `at` is in a segment, and
    // `at` is moved from the end of one to the start of what follows. Not found: nothing was done.
    struct joined {
        bool found = false;
        bool own_frame_first = false;  // `at` was moved to the start of a generation that begins with our own frame
    };
    io::result<joined> begin_at(position& at, std::int64_t now_ms, std::vector<io::error>& troubles);

    // All of front() is durable in the store: it is the front no more, and nothing is appended to it. Its file is there until
    // remove_durable(), so that a process that remembers less still finds it.
    void front_is_durable();
    io::result<void> remove_durable();
    // Renames every segment that is not durable to <name>.damaged-<now_ms> and tells of each in `troubles` (gap, subject::general, `why` and the new name).
    io::result<void> set_aside(std::int64_t now_ms, std::string_view why, std::vector<io::error>& troubles);

private:
    shadow(io::file_system& files, std::string directory, std::uint64_t stream)
        : files_(&files), directory_(std::move(directory)), stream_(stream) {}

    io::result<std::optional<segment>> read_front(std::uint64_t number) const;
    io::result<void> heal(std::int64_t now_ms, std::vector<io::error>& troubles);
    io::result<void> cut(const segment& after);
    io::result<void> move_aside(const segment& which, std::int64_t now_ms, const io::error& why, std::vector<io::error>& troubles);
    io::result<void> set_aside_from(std::size_t first, std::int64_t now_ms, std::string_view why, std::vector<io::error>& troubles);
    io::result<void> begin(const header& log, const segment_base& base, const position& from);
    io::result<void> copy(const log_reader& log, const position& from, std::uint64_t end);
    void give_up(const position& from);
    io::result<std::optional<std::size_t>> find(position& at) const;
    io::result<void> drop_front();

    io::file_system* files_;
    std::string directory_;
    std::uint64_t stream_;
    std::deque<segment> segments_;
    std::size_t durable_ = 0;              // so many of them, from the first
    std::uint64_t newest_ = 0;             // number of the newest segment
    std::unique_ptr<io::file> appending_;  // the last segment, while it may be continued
};

struct shadow::opened {
    shadow segments;
    std::vector<io::error> troubles;
};

}  // namespace wal
