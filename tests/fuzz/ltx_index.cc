// The page index of a file from anywhere: no crash, nothing allocated beyond the file's size, and every location is inside the file.
#include <cstdint>
#include <cstdlib>

#include "ltx/decoder.h"
#include "ltx/page_index.h"

namespace {

void require(bool condition) {
    if (!condition) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const io::byte_view file(data, size);
    const auto head = ltx::decode_header(file);
    if (!head) return 0;
    const auto needed = ltx::tail_needed(*head, size, file.last(std::min<std::size_t>(size, ltx::min_tail_size)));
    if (!needed) return 0;
    require(*needed <= size);
    const auto index = ltx::read_page_index(*head, size, file.last(static_cast<std::size_t>(*needed)));
    if (!index) return 0;
    io::bytes page(head->page_size);
    std::uint64_t end = ltx::header_size;
    std::uint32_t last = 0;
    for (const auto& at : index->pages) {
        require(at.pgno > last && at.pgno <= head->commit && at.offset == end && at.length <= size - at.offset);
        last = at.pgno;
        end = at.offset + at.length;
        (void)ltx::decode_page(file.subspan(at.offset, at.length), head->page_size, at.pgno, page);
    }
    return 0;
}
