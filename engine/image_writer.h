// Puts pages where they belong in a database file, and sums up what was put there. Blocking; one thread at a time. Several writers
// with a file handle of their own may fill one image.
#pragma once

#include <cstdint>
#include <memory>

#include "io/bytes.h"
#include "io/file_system.h"

namespace engine {

class image_writer {
public:
    // Neighbours are written together, up to so many bytes.
    static constexpr std::size_t buffer_size = 1U << 20U;

    image_writer(std::unique_ptr<io::file> out, std::uint32_t page_size);

    // Room for a page, page_size bytes, valid until the next call. Fill it, then keep(). The file's errors, for what is written first.
    [[nodiscard]] io::result<io::byte_span> room(std::uint32_t pgno);
    // The page for which room() was asked last is complete.
    void keep();
    // Writes what is kept.
    [[nodiscard]] io::result<void> flush();

    std::uint64_t pages() const { return pages_; }
    // The exclusive-or of the page checksums (ltx::page_checksum) of all that was kept.
    std::uint64_t folded() const { return folded_; }

private:
    std::unique_ptr<io::file> out_;
    std::uint32_t page_size_;
    io::bytes buffer_;
    std::size_t used_ = 0;
    std::uint32_t first_ = 0;      // page number at the start of the buffer
    std::uint32_t current_ = 0;    // the page for which there is room at used_
    std::uint64_t pages_ = 0;
    std::uint64_t folded_ = 0;
};

}  // namespace engine
