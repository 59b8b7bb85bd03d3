// An LTX file from anywhere, in chunks of a size that its first byte says: no crash, no unbounded memory, and the chunking does not
// change the answer. What decodes is encoded again and must decode to the same pages.
#include <cstdint>
#include <cstdlib>
#include <map>

#include "ltx/decoder.h"
#include "ltx/encoder.h"

namespace {

using pages = std::map<std::uint32_t, io::bytes>;

io::result<ltx::file_summary> decode(io::byte_view file, std::size_t chunk, pages& out) {
    ltx::decoder in;
    const auto keep = [&](std::uint32_t pgno, io::byte_view page) -> io::result<void> {
        out[pgno].assign(page.begin(), page.end());
        return {};
    };
    while (!file.empty()) {
        const std::size_t size = std::min(chunk, file.size());
        if (auto ok = in.feed(file.first(size), keep); !ok) return ok.error();
        file = file.subspan(size);
    }
    return in.finish();
}

void require(bool condition) {
    if (!condition) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const io::byte_view file(data + 1, size - 1);
    pages whole, chunked;
    const auto at_once = decode(file, file.size(), whole);
    const auto in_chunks = decode(file, std::size_t{data[0]} + 1, chunked);
    require(at_once.has_value() == in_chunks.has_value());
    require(whole == chunked);
    if (!at_once) {
        require(at_once.error().about == io::subject::integrity && at_once.error().code == in_chunks.error().code);
        return 0;
    }
    ltx::header h = at_once->header;
    h.flags = ltx::flag_no_checksum;
    h.pre_apply = 0;
    auto again = ltx::encoder::create(h);
    require(again.has_value());
    for (const auto& [pgno, page] : whole) require(again->add_page(pgno, page).has_value());
    require(again->finish().has_value());
    pages round_trip;
    require(decode(again->take_output(), SIZE_MAX, round_trip).has_value() && round_trip == whole);
    return 0;
}
