// LTX files for the tests: well-formed ones through the encoder, and hand-made ones that may be wrong anywhere and still carry a
// right file checksum, so that it is not the checksum that catches them.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "ltx/decoder.h"
#include "ltx/encoder.h"

namespace tests {

using page_map = std::map<std::uint32_t, io::bytes>;

// Half of it repetitive, half random; the same for the same arguments.
io::bytes make_page(std::uint32_t page_size, std::uint32_t pgno, std::uint64_t version);
// Pages first..last but the lock page.
page_map make_pages(std::uint32_t page_size, std::uint32_t first, std::uint32_t last, std::uint64_t version);

ltx::header make_header(std::uint32_t page_size, std::uint32_t commit, std::uint64_t min_txid, std::uint64_t max_txid);

// A snapshot or increment of these pages; throws std::runtime_error if the encoder refuses.
io::bytes make_file(const ltx::header& h, const page_map& pages);

std::uint64_t database_checksum(const page_map& pages);

struct decoded {
    ltx::file_summary summary;
    page_map pages;
};
io::result<decoded> decode(io::byte_view file, std::size_t chunk = SIZE_MAX);

struct raw_frame {
    std::uint32_t pgno = 0;
    std::uint16_t flags = ltx::page_flag_block;
    io::bytes payload;     // after the frame header, the size field of a block included
    io::bytes page;        // what goes into the checksum
};
raw_frame block_frame(std::uint32_t pgno, const io::bytes& page);
raw_frame lz4_frame(std::uint32_t pgno, const io::bytes& page);

struct raw_index_entry {
    std::uint64_t pgno, offset, length;
};

struct raw_file {
    io::bytes header;
    std::vector<raw_frame> frames;
    std::vector<raw_index_entry> index;     // filled by fill_index()
    std::uint64_t index_length_off_by = 0;
    std::uint64_t post_apply = 0;

    raw_file& fill_index();
    [[nodiscard]] io::bytes build() const;
};
raw_file make_raw(const ltx::header& h, std::vector<raw_frame> frames);

io::bytes read_data(const std::string& path_below_data);

}  // namespace tests
