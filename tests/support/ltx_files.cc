#include "tests/support/ltx_files.h"

#include <lz4frame.h>

#include <fstream>
#include <iterator>
#include <stdexcept>

namespace tests {

io::bytes make_page(std::uint32_t page_size, std::uint32_t pgno, std::uint64_t version) {
    io::bytes page(page_size, static_cast<std::uint8_t>(pgno));
    std::uint64_t x = (std::uint64_t{pgno} << 32) ^ version;
    for (std::size_t i = page_size / 2; i < page_size; ++i) page[i] = static_cast<std::uint8_t>((x = x * 6364136223846793005ULL + 1442695040888963407ULL) >> 56);
    return page;
}

page_map make_pages(std::uint32_t page_size, std::uint32_t first, std::uint32_t last, std::uint64_t version) {
    page_map pages;
    for (std::uint32_t pgno = first; pgno <= last; ++pgno)
        if (pgno != ltx::lock_page(page_size)) pages[pgno] = make_page(page_size, pgno, version);
    return pages;
}

ltx::header make_header(std::uint32_t page_size, std::uint32_t commit, std::uint64_t min_txid, std::uint64_t max_txid) {
    ltx::header h;
    h.page_size = page_size;
    h.commit = commit;
    h.min_txid = min_txid;
    h.max_txid = max_txid;
    h.timestamp_ms = 1'700'000'000'000 + static_cast<std::int64_t>(max_txid);
    return h;
}

io::bytes make_file(const ltx::header& h, const page_map& pages) {
    auto out = ltx::encoder::create(h);
    if (!out) throw std::runtime_error(out.error().context);
    for (const auto& [pgno, page] : pages)
        if (auto ok = out->add_page(pgno, page); !ok) throw std::runtime_error(ok.error().context);
    if (auto ok = out->finish(); !ok) throw std::runtime_error(ok.error().context);
    return out->take_output();
}

std::uint64_t database_checksum(const page_map& pages) {
    std::uint64_t sum = 0;
    for (const auto& [pgno, page] : pages) sum = ltx::fold(sum, ltx::page_checksum(pgno, page));
    return sum;
}

io::result<decoded> decode(io::byte_view file, std::size_t chunk) {
    ltx::decoder in;
    decoded out;
    while (!file.empty()) {
        const std::size_t size = std::min(chunk, file.size());
        const auto fed = in.feed(file.first(size), [&](std::uint32_t pgno, io::byte_view page) -> io::result<void> {
            out.pages[pgno].assign(page.begin(), page.end());
            return {};
        });
        if (!fed) return fed.error();
        file = file.subspan(size);
    }
    auto summary = in.finish();
    if (!summary) return summary.error();
    out.summary = *summary;
    return out;
}

raw_frame block_frame(std::uint32_t pgno, const io::bytes& page) {
    io::bytes block(ltx::page_compressor::bound(page.size()));
    block.resize(ltx::page_compressor().compress(page, block));
    raw_frame frame{pgno, ltx::page_flag_block, {}, page};
    io::append_big(frame.payload, static_cast<std::uint32_t>(block.size()));
    io::append(frame.payload, block);
    return frame;
}

raw_frame lz4_frame(std::uint32_t pgno, const io::bytes& page) {
    LZ4F_preferences_t preferences{};
    preferences.frameInfo.contentChecksumFlag = LZ4F_contentChecksumEnabled;
    preferences.frameInfo.blockSizeID = LZ4F_max64KB;
    raw_frame frame{pgno, 0, io::bytes(LZ4F_compressFrameBound(page.size(), &preferences)), page};
    frame.payload.resize(LZ4F_compressFrame(frame.payload.data(), frame.payload.size(), page.data(), page.size(), &preferences));
    return frame;
}

raw_file& raw_file::fill_index() {
    index.clear();
    std::uint64_t at = header.size();
    for (const raw_frame& frame : frames) {
        index.push_back({frame.pgno, at, ltx::frame_header_size + frame.payload.size()});
        at += index.back().length;
    }
    return *this;
}

io::bytes raw_file::build() const {
    io::bytes file = header;
    ltx::crc64 crc;
    crc.update(header);
    for (const raw_frame& frame : frames) {
        io::bytes hashed;
        io::append_big(hashed, frame.pgno);
        io::append_big(hashed, frame.flags);
        io::append(file, hashed);
        io::append(file, frame.payload);
        if (frame.flags == ltx::page_flag_block) io::append(hashed, io::byte_view(frame.payload).first(4));
        io::append(hashed, frame.page);
        crc.update(hashed);
    }
    io::bytes end(ltx::frame_header_size);
    for (const auto& entry : index) {
        io::append_uvarint(end, entry.pgno);
        io::append_uvarint(end, entry.offset);
        io::append_uvarint(end, entry.length);
    }
    io::append_uvarint(end, 0);
    io::append_big(end, std::uint64_t{end.size() - ltx::frame_header_size + index_length_off_by});
    io::append_big(end, post_apply);
    crc.update(end);
    io::append(file, end);
    io::append_big(file, ltx::checksum_flag | crc.value());
    return file;
}

raw_file make_raw(const ltx::header& h, std::vector<raw_frame> frames) {
    raw_file file{ltx::encode_header(h).value(), std::move(frames), {}, 0, 0};
    file.fill_index();
    return file;
}

io::bytes read_data(const std::string& path_below_data) {
    std::ifstream in(std::string(FLOTILLA_TEST_DATA) + "/" + path_below_data, std::ios::binary);
    if (!in) throw std::runtime_error("no " + path_below_data);
    return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace tests
