// Pages of a log, read in ascending page order: SQLite writes a transaction's pages in that order, too, so neighbours are fetched
// together. Blocking; one thread at a time, beside others with windows of their own.
#pragma once

#include <cstdint>

#include "io/bytes.h"
#include "wal/log_reader.h"

namespace wal {

class page_window {
public:
    explicit page_window(std::uint32_t page_size) : page_size_(page_size) {}

    // The page whose bytes begin at `offset` of the log; `page` is one page long. Errors as log_reader::read_page. The log may be another
    // each time, if it is one with the same frames at the same offsets.
    io::result<void> read(const log_reader& log, std::uint64_t offset, io::byte_span page);

private:
    std::uint32_t page_size_;
    io::bytes window_;             // as read at start_
    std::uint64_t start_ = 0;
    std::uint64_t expected_ = 0;   // where the page after the last one would begin
};

}  // namespace wal
