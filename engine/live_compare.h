// The live database, page by page, with what the store is known to hold: what `flotilla verify --live` proves. Blocking, but for what
// the driver does with it (database_compare.cc).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "io/environment.h"
#include "wal/image.h"
#include "wal/log_reader.h"

namespace engine {

struct live_comparison {
    static constexpr std::size_t most_named = 16;

    std::uint64_t txid = 0;             // the state that the live database was compared with
    std::uint32_t page_size = 0;        // bytes
    std::uint32_t page_count = 0;       // of the live database
    std::uint64_t checksum = 0;         // of all its pages, as in LTX headers
    std::uint64_t differing = 0;        // pages, those that only one side has included
    std::vector<std::uint32_t> first;   // the first of them, at most `most_named`, ascending

    bool equal() const { return differing == 0; }
    // For an answer of request_box, and back; nullopt if it is none.
    std::string text() const;
    static std::optional<live_comparison> parse(std::uint64_t txid, std::string_view text);
};

// Compares the image with the sums of all pages of a state (0 for the lock page), in steps, so that others can use the disk in between. A page
// whose newest frame was checkpointed is in two places, the log and the file, and must be the same in both: the application sees the one
// now, and the other once the log is restarted.
class image_comparison {
public:
    // `backfilled`: as the wal-index said of the image's generation, when the image was there.
    image_comparison(std::shared_ptr<wal::image> live, std::uint32_t backfilled, std::vector<std::uint64_t> known, std::uint64_t txid);
    // Some megabytes. True: that was all, but for finish(). Errors as image::read.
    io::result<bool> step();
    // Pages that are written anew while others read need not be in the file, although the wal-index counts them as checkpointed (SQLite,
    // wal.c: walCheckpoint looks at a page's newest frame only), nor need those that were beyond the database's end when it ran. So those that are
    // not as they should be there are looked at once more: only if the log, read to its newest commit `end_frame`, has no newer frame of such a
    // page, and no commit after its frame that cut it off, is it wrong. Errors as log_reader::read.
    io::result<live_comparison> finish(wal::log_reader& log, std::uint32_t end_frame);

private:
    void differs(std::uint32_t pgno);

    std::shared_ptr<wal::image> live_;
    std::uint64_t backfilled_end_;  // bytes of the log that are in the file, too
    std::vector<std::uint64_t> known_;
    std::vector<std::uint32_t> other_in_file_;
    std::uint32_t next_ = 1;
    live_comparison found_;
};

// A database that no engine follows, while its application may go on. Takes the lock that an engine would take, so that none begins
// meanwhile, and writes nothing. Errors, subject::database: held (with the words of whoever watches it), and those of
// live_database::open; as it says of reading. Blocks.
io::result<live_comparison> compare_unwatched(io::file_system& files, const std::string& path, const std::string& lock_directory, const std::string& who,
                                              std::vector<std::uint64_t> known, std::uint64_t txid);

}  // namespace engine
