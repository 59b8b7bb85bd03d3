#include "engine/image_writer.h"

#include <utility>

#include "ltx/checksum.h"

namespace engine {

image_writer::image_writer(std::unique_ptr<io::file> out, std::uint32_t page_size)
    : out_(std::move(out)), page_size_(page_size), buffer_(buffer_size) {}

io::result<io::byte_span> image_writer::room(std::uint32_t pgno) {
    const bool continues = used_ > 0 && pgno == current_ + 1 && buffer_.size() - used_ >= page_size_;
    if (!continues) {
        if (auto written = flush(); !written) return written.error();
        first_ = pgno;
    }
    current_ = pgno;
    return io::byte_span(buffer_).subspan(used_, page_size_);
}

void image_writer::keep() {
    folded_ ^= ltx::page_checksum(current_, io::byte_view(buffer_).subspan(used_, page_size_));
    used_ += page_size_;
    ++pages_;
}

io::result<void> image_writer::flush() {
    if (used_ == 0) return {};
    const io::byte_view data = io::byte_view(buffer_).first(used_);
    used_ = 0;
    return out_->write_at(std::uint64_t{first_ - 1} * page_size_, data);
}

}  // namespace engine
