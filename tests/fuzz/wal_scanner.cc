// A log from anywhere, in chunks of a size that its first byte says: no crash, the chunking does not change the answer, every frame lies
// inside the file and carries the header's salts, and the committed part reads again from any commit.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <tuple>
#include <vector>

#include "wal/frame_batch.h"
#include "wal/scanner.h"

namespace {

void require(bool condition) {
    if (!condition) std::abort();
}

using seen = std::vector<std::tuple<std::uint32_t, std::uint64_t, std::uint32_t>>;

wal::scanner scan(const wal::position& from, io::byte_view file, std::size_t chunk, seen& out, wal::frame_batch* batch) {
    wal::scanner reader(from);
    std::size_t want = chunk;
    while (!reader.ended() && reader.read_offset() < file.size()) {
        const io::byte_view rest = file.subspan(static_cast<std::size_t>(reader.read_offset()));
        const std::size_t offered = std::min(want, rest.size());
        const std::size_t consumed = reader.feed(rest.first(offered), [&](const wal::frame& f) {
            out.emplace_back(f.pgno, f.page_offset, f.commit_pages);
            if (batch != nullptr) batch->add(f);
        });
        require(consumed <= offered);
        if (consumed == 0 && offered == rest.size()) break;
        want = consumed == 0 ? want + chunk : chunk;
    }
    return reader;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const io::byte_view file(data + 1, size - 1);
    const auto head = wal::decode_header(file);
    if (!head) {
        require(head.error().code == io::errc::corrupt && head.error().about == io::subject::database);
        return 0;
    }
    if (!*head) return 0;
    const wal::position start = wal::start_of(**head);
    seen whole, chunked, rest;
    wal::frame_batch batch(start);
    const wal::scanner at_once = scan(start, file, file.size(), whole, &batch);
    const wal::scanner in_chunks = scan(start, file, (std::size_t{data[0]} + 1) * 7, chunked, nullptr);
    require(whole == chunked && at_once.committed() == in_chunks.committed() && at_once.read_offset() == in_chunks.read_offset());
    for (const auto& [pgno, offset, commit] : whole) {
        require(pgno != 0 && offset + start.page_size <= file.size());
        const auto raw = wal::decode_frame_header(file.data() + offset - wal::frame_header_size);
        require(raw.salt1 == start.salt1 && raw.salt2 == start.salt2);
    }
    batch.finish(at_once.committed());
    std::uint32_t last = 0;
    for (const auto& place : batch.pages()) {
        require(place.pgno > last && place.pgno <= batch.commit_pages() && place.offset < at_once.committed().offset);
        require(batch.find(place.pgno) == place.offset);
        last = place.pgno;
    }
    scan(at_once.committed(), file, file.size(), rest, nullptr);
    require(rest == seen(whole.end() - static_cast<std::ptrdiff_t>(whole.size() - batch.frames()), whole.end()));
    return 0;
}
