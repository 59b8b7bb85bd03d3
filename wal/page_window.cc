#include "wal/page_window.h"

#include <algorithm>

namespace wal {

namespace {

constexpr std::size_t window_bytes = 128U << 10U;

}  // namespace

io::result<void> page_window::read(const log_reader& log, std::uint64_t offset, io::byte_span page) {
    const bool in_order = offset == expected_;
    expected_ = offset + page_size_ + frame_header_size;
    const auto inside = [&] { return offset >= start_ && offset + page_size_ <= start_ + window_.size(); };
    if (!inside()) {
        // Reading ahead pays only where the last page's neighbour is asked for.
        if (!in_order) return log.read_page(offset, page);
        auto got = log.read_some(offset, std::max<std::size_t>(window_bytes, page_size_), window_);
        if (!got) return got;
        start_ = offset;
        if (!inside()) return log.read_page(offset, page);  // the file ends within it: let that say so
    }
    std::copy_n(window_.begin() + static_cast<std::ptrdiff_t>(offset - start_), page_size_, page.begin());
    return {};
}

}  // namespace wal
