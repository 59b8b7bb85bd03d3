// Makes one LTX object from pages: of the log (a capture), of an image (a snapshot, a difference). Blocking work for io::offload;
// memory is bounded whatever the object's size: prepare() reads the pages once for their sums, unless these are known, next() again to
// encode them, in parts. Objects of at most keep_bytes of pages are read only once.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "io/bytes.h"
#include "io/error.h"
#include "ltx/encoder.h"
#include "ltx/page_sums.h"

namespace engine {

// Which pages, and where their bytes are.
struct page_list {
    std::vector<std::uint32_t> pages;  // ascending, without the lock page
    std::vector<std::uint64_t> sums;   // ltx::page_checksum of each, where they are known already; else empty
    // Fills the span, which is one page long. Called from one thread at a time, for any of `pages`, once each or twice in order.
    std::function<io::result<void>(std::uint32_t pgno, io::byte_span page)> read;
};

class object_encoder {
public:
    static constexpr std::uint64_t keep_bytes = 8U << 20U;
    static constexpr std::size_t part_bytes = 4U << 20U;

    // `head` has everything but the checksums.
    object_encoder(ltx::header head, page_list from);

    // Reads the pages and computes their sums; the errors are the source's.
    io::result<void> prepare();
    // After prepare(): the sum of each page.
    const std::vector<ltx::page_sum>& sums() const { return sums_; }
    // Sets what the header says of the database before and after. Call before the first next().
    void set_sums(ltx::database_sums checksums) { head_.sums = checksums; }
    const ltx::header& head() const { return head_; }
    std::uint64_t page_bytes() const { return from_.pages.size() * std::uint64_t{head_.page_size}; }

    // The next part of the object, about part_bytes long, nullopt after the last one. corrupt (subject::database) if a page changed
    // between the two readings: the source was not consistent and the object must be thrown away.
    io::result<std::optional<io::bytes>> next();

    // Begins again with the first part: the same bytes, for another try.
    void restart();
    // All of it: for objects that are known to be small.
    io::result<io::bytes> all();

private:
    io::result<io::byte_view> page_at(std::size_t index);

    ltx::header head_;
    page_list from_;
    std::vector<ltx::page_sum> sums_;
    std::size_t part_;    // bytes
    io::bytes kept_;      // every page, if they are few
    io::bytes scratch_;   // one page
    std::optional<ltx::encoder> encoder_;
    std::size_t at_ = 0;
    bool finished_ = false;
};

}  // namespace engine
