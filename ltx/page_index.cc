#include "ltx/page_index.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace ltx {
namespace {

constexpr std::uint64_t smallest_frame = frame_header_size + frame_size_field + 1;

io::error corrupt(std::string why) { return bad_content(io::errc::corrupt, "page index: " + std::move(why)); }

// One entry, checked against everything before it. `at` is where its frame must start.
io::result<page_location> read_entry(const header& h, std::uint64_t pgno, std::uint32_t last_page, std::uint64_t at, std::uint64_t pages_end,
                                     io::byte_reader& reader) {
    if (pgno > h.commit) return corrupt(fmt::format("page {} is beyond the database's {} pages", pgno, h.commit));
    if (pgno == lock_page(h.page_size)) return corrupt("the lock page");
    if (pgno <= last_page) return corrupt(fmt::format("page {} after page {}", pgno, last_page));
    const auto offset = reader.uvarint();
    const auto length = reader.uvarint();
    if (!offset || !length) return corrupt("cut short");
    if (*offset != at) return corrupt(fmt::format("page {} at offset {}, not {}", pgno, *offset, at));
    if (*length < smallest_frame || *length > max_frame_size(h.page_size) || *length > pages_end - at)
        return corrupt(fmt::format("page {} of {} bytes", pgno, *length));
    return page_location{static_cast<std::uint32_t>(pgno), static_cast<std::uint32_t>(*length), at};
}

}  // namespace

io::result<std::uint64_t> tail_needed(const header& h, std::uint64_t file_size, io::byte_view tail) {
    constexpr std::uint64_t around = header_size + frame_header_size + min_tail_size;
    if (tail.size() > file_size || (tail.size() < min_tail_size && tail.size() < file_size))
        return bad_content(io::errc::invalid, "page index: not the tail of the file");
    if (file_size < around) return corrupt("the file is cut short");
    const auto length = io::load_big<std::uint64_t>(tail.last(min_tail_size).data());
    const std::uint64_t cap = max_index_size(count_pages(h.page_size, 1, h.commit)) - index_length_size;
    if (length == 0 || length > cap || length > file_size - around) return corrupt(fmt::format("{} bytes in a file of {}", length, file_size));
    return length + min_tail_size;
}

io::result<page_index> read_page_index(const header& h, std::uint64_t file_size, io::byte_view tail) {
    const auto needed = tail_needed(h, file_size, tail);
    if (!needed) return needed.error();
    if (tail.size() < *needed) return bad_content(io::errc::invalid, "page index: not all of it is there");
    tail = tail.last(static_cast<std::size_t>(*needed));
    page_index index;
    auto end = decode_trailer(tail.last(trailer_size), h);
    if (!end) return std::move(end).error();
    index.trailer = *end;

    const std::uint64_t pages_end = file_size - *needed - frame_header_size;
    io::byte_reader reader(tail.first(tail.size() - min_tail_size));
    // An entry has at least three bytes, so the bytes that are there bound what is allocated.
    index.pages.reserve(static_cast<std::size_t>(std::min(count_pages(h.page_size, 1, h.commit), std::uint64_t{reader.rest().size() / 3})));
    std::uint64_t at = header_size;
    std::uint32_t last_page = 0;
    for (;;) {
        const auto pgno = reader.uvarint();
        if (!pgno) return corrupt("cut short");
        if (*pgno == 0) break;
        auto entry = read_entry(h, *pgno, last_page, at, pages_end, reader);
        if (!entry) return std::move(entry).error();
        index.pages.push_back(*entry);
        at += entry->length;
        last_page = entry->pgno;
    }
    if (!reader.empty()) return corrupt("bytes after its end");
    if (at != pages_end) return corrupt(fmt::format("the frames end at {}, not {}", at, pages_end));
    const std::uint64_t all = count_pages(h.page_size, 1, h.commit);
    if (is_snapshot(h) && index.pages.size() != all) return corrupt(fmt::format("a snapshot with {} of {} pages", index.pages.size(), all));
    return index;
}

}  // namespace ltx
