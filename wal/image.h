// One consistent image of a database: the state at one commit, while the application goes on. For every page the newest frame at or
// before that commit, else the database file. Correct as long as the pin stays where it is: checkpoints stop at the pin's mark, so
// whatever they write over the file meanwhile has such a frame (A7).
#pragma once

#include <cstdint>

#include "io/error.h"
#include "wal/frame_batch.h"
#include "wal/live_database.h"
#include "wal/log_reader.h"

namespace wal {

class image {
public:
    // `all`: every frame of the pinned generation up to the commit, from its start. If it is empty the image is the file, which has
    // `file_pages` pages (from the wal-index). The database and the log must outlive this; the pin must not be advanced or handed off
    // meanwhile.
    image(const live_database& live, const log_reader& log, frame_batch all, std::uint32_t page_size, std::uint32_t file_pages)
        : live_(live), log_(log), all_(std::move(all)), page_size_(page_size), page_count_(all_.empty() ? file_pages : all_.commit_pages()) {}

    std::uint32_t page_size() const { return page_size_; }
    std::uint32_t page_count() const { return page_count_; }
    // Where the log goes on after the image.
    const position& mark() const { return all_.end(); }

    // Page `pgno`, 1 to page_count(); `page` is one page long. Pages that the file does not have are zeros.
    io::result<void> read(std::uint32_t pgno, io::byte_span page) const {
        if (const auto place = all_.find(pgno)) return log_.read_page(*place, page);
        return live_.read_file(std::uint64_t{pgno - 1} * page_size_, page);
    }

    // Whether the page's newest frame lies before `end` (bytes of the log).
    bool in_log_before(std::uint32_t pgno, std::uint64_t end) const {
        const auto place = all_.find(pgno);
        return place && *place < end;
    }
    // Whether the page has a frame, and was beyond the database's end for a while after it: frame_batch::dropped_since.
    bool dropped_since_logged(std::uint32_t pgno) const {
        const auto place = all_.find(pgno);
        return place && all_.dropped_since(pgno, *place);
    }
    // The page as the file has it, whatever the log says.
    io::result<void> read_file(std::uint32_t pgno, io::byte_span page) const { return live_.read_file(std::uint64_t{pgno - 1} * page_size_, page); }

private:
    const live_database& live_;
    const log_reader& log_;
    frame_batch all_;
    std::uint32_t page_size_;
    std::uint32_t page_count_;
};

}  // namespace wal
