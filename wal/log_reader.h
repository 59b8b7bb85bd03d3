// Reads one database's log: the file, the scanner and a batch together. Blocking. The -wal file carries no locks of SQLite's, so it may
// be opened by anybody; a deleted one that is still open can be read to its end. A segment is read the same way, at the offsets that its
// frames had in the log.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "io/file_system.h"
#include "wal/frame_batch.h"
#include "wal/position.h"
#include "wal/scanner.h"
#include "wal/segment.h"

namespace wal {

class log_reader {
public:
    // `files` must outlive this.
    log_reader(io::file_system& files, std::string wal_path) : files_(&files), path_(std::move(wal_path)) {}
    // On a segment's file, whose header was validated. Frames before the segment's start are not there: read() says `restarted`.
    log_reader(io::file_system& files, std::string segment_path, const segment_head& of)
        : files_(&files), path_(std::move(segment_path)), of_(of) {}

    // (Re)opens the file and reads its header: nothing if there is no file or it is a legal empty log. corrupt (subject::database) for
    // an invalid header; the file system's errors.
    io::result<std::optional<header>> open();
    bool is_open() const { return file_ != nullptr; }
    // As open(), of the file that is open.
    io::result<std::optional<header>> current_header() const;

    // Whether the log still holds `p`: same generation, at least that long, and the checksum up to there, computed from the start, is
    // p's own. Reads the log up to there; a segment, from its own start. On true `p.running` may have been zero: it is filled in if `fill` is set instead of compared.
    io::result<bool> holds(position& p, bool fill);

    enum class outcome {
        read,       // up to the end asked for, or the newest commit before it
        restarted,  // the log is another generation now: salts changed, or it is shorter than the position (F3, B4)
        broken,     // a frame before `end` does not continue the chain
    };
    // Reads from `from` to `end` (bytes, a frame's end; what the wal-index calls committed) or, at a commit, once `limit` bytes were
    // read, into a new batch. `more` tells that the limit ended it.
    struct reading {
        outcome what = outcome::read;
        bool more = false;
        frame_batch batch;
    };
    // `sum`, if given, is asked for each page that passes, so that nobody has to read it again for that.
    using page_sum = std::uint64_t (*)(std::uint32_t pgno, io::byte_view page);
    io::result<reading> read(const position& from, std::uint64_t end, std::uint64_t limit, page_sum sum = nullptr);

    // A page's bytes from their place in the log; `page` is one page long. io_failure if the file ends before. May run concurrently
    // with itself and with read().
    io::result<void> read_page(std::uint64_t offset, io::byte_span page) const;
    // Whether a frame of the position's generation lies at its end: one that the index does not count yet, if the position is where the
    // index ends. A commit becomes visible through the mapped index only, which no watcher sees, after its frames were written.
    io::result<bool> goes_on(const position& from) const;

    // Makes `into` the bytes from `offset` on, `most` of them or as many as there are. Concurrency as read_page.
    io::result<void> read_some(std::uint64_t offset, std::size_t most, io::bytes& into) const;

private:
    io::subject whose() const { return of_ ? io::subject::general : io::subject::database; }
    io::result<std::uint64_t> size() const;
    io::result<std::size_t> read_at(std::uint64_t offset, io::byte_span out) const;

    io::file_system* files_;
    std::string path_;
    std::optional<segment_head> of_;  // none: a log
    std::unique_ptr<io::file> file_;
};

}  // namespace wal
