// A segment from anywhere: no crash; a header that is believed is the one that was written, whatever the seal; and what is read of its frames
// goes on from its start, frame by frame, inside the file.
#include <algorithm>
#include <cstdint>
#include <cstdlib>

#include "wal/scanner.h"
#include "wal/segment.h"

namespace {

void require(bool condition) {
    if (!condition) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const io::byte_view file(data, size);
    const auto front = wal::decode_segment(file);
    if (!front) {
        require(front.error().code == io::errc::corrupt && front.error().about == io::subject::general);
        return 0;
    }
    const wal::segment_head& head = front->head;
    auto again = wal::encode_segment(head);
    if (front->seal) {
        require(front->seal->end.offset > head.start.offset && front->seal->end.salt1 == head.start.salt1);
        wal::encode_seal(*front->seal, again);
    }
    const auto same = wal::decode_segment(again);
    require(same.has_value() && same->head.start == head.start && same->head.stream == head.stream && same->head.base == head.base);
    require(same->seal.has_value() == front->seal.has_value());
    if (front->seal) require(same->seal->end == front->seal->end && wal::start_of(same->seal->next) == wal::start_of(front->seal->next));

    wal::scanner frames(head.start);
    const io::byte_view body = file.subspan(wal::segment_header_size);
    std::uint64_t last = head.start.offset;
    const std::size_t consumed = frames.feed(body, [&](const wal::frame& each) {
        require(each.page_offset == last + wal::frame_header_size && each.pgno != 0);
        last = each.page_offset + head.start.page_size;
        require(last - head.start.offset <= body.size());
    });
    require(frames.read_offset() == head.start.offset + consumed && frames.committed().offset <= frames.read_offset());
    return 0;
}
