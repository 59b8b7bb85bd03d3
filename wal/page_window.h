// Pages of a log, read in ascending page order: SQLite writes a transaction's pages in that order, too, so neighbours are fetched
// together. Blocking; one thread at a time, beside others with windows of their own.
#pragma once

#include <cstdint>

#include "io/bytes.h"
#include "wal/log_reader.h"

namespace wal {

class page_window {
public:
    // `log` must outlive this.
    page_window(const log_reader& log, std::uint32_t page_size) : log_(&log), page_size_(page_size) {}

    // The page whose bytes begin at `offset`; `page` is one page long. Errors as log_reader::read_page.
    io::result<void> read(std::uint64_t offset, io::byte_span page);

private:
    const log_reader* log_;
    std::uint32_t page_size_;
    io::bytes window_;             // as read at start_
    std::uint64_t start_ = 0;
    std::uint64_t expected_ = 0;   // where the page after the last one would begin
};

}  // namespace wal
