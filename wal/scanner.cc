#include "wal/scanner.h"

namespace wal {

std::size_t scanner::feed(io::byte_view data, const sink& to) {
    const std::size_t frame_bytes = frame_header_size + read_.page_size;
    std::size_t consumed = 0;
    while (!ended_ && data.size() - consumed >= frame_bytes) {
        const io::byte_view raw = data.subspan(consumed, frame_bytes);
        const frame_header head = decode_frame_header(raw.data());
        chain sum = extend(read_.running, raw.first(8), read_.big_endian);
        sum = extend(sum, raw.subspan(frame_header_size), read_.big_endian);
        // Page 0 does not exist (B6); a chain that claims it is not SQLite's.
        if (head.salt1 != read_.salt1 || head.salt2 != read_.salt2 || sum != head.running || head.pgno == 0) {
            ended_ = true;
            break;
        }
        const std::uint64_t page_offset = read_.offset + frame_header_size;
        read_.offset += frame_bytes;
        read_.running = sum;
        consumed += frame_bytes;
        to({head.pgno, page_offset, head.commit_pages, raw.subspan(frame_header_size)});
        if (head.commit_pages != 0) committed_ = read_;
    }
    return consumed;
}

}  // namespace wal
