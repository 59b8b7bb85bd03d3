#include "ltx/encoder.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

namespace ltx {
namespace {

io::error refused(std::string why) { return bad_content(io::errc::invalid, std::move(why)); }

}  // namespace

io::result<encoder> encoder::create(const header& h) {
    if (h.native_checksums()) return bad_content(io::errc::unsupported, "LTX header: native database checksums are not written");
    auto encoded = encode_header(h);
    if (!encoded) return std::move(encoded).error();
    return encoder(h, *std::move(encoded));
}

encoder::encoder(const header& h, io::bytes encoded_header) : header_(h), output_(std::move(encoded_header)), used_(output_.size()) {
    file_crc_.update(output_);
}

// Room for `size` bytes behind the output. Grown by doubling, since new bytes of a vector are first filled with zeros.
std::uint8_t* encoder::reserve(std::size_t size) {
    if (output_.size() - used_ < size) output_.resize(std::max(used_ + size, 2 * output_.size()));
    return output_.data() + used_;
}

void encoder::append_hashed(io::byte_view data) {
    std::memcpy(reserve(data.size()), data.data(), data.size());
    file_crc_.update(data);
    used_ += data.size();
}

io::result<void> encoder::add_page(std::uint32_t pgno, io::byte_view page) {
    if (finished_) return refused(fmt::format("page {}: the file is finished", pgno));
    if (pgno == 0 || pgno == lock_page(header_.page_size)) return refused(fmt::format("page {} is never part of a file", pgno));
    if (pgno > header_.commit) return refused(fmt::format("page {} is beyond the database's {} pages", pgno, header_.commit));
    if (pgno <= last_page_) return refused(fmt::format("page {} after page {}", pgno, last_page_));
    if (page.size() != header_.page_size) return refused(fmt::format("page {} has {} bytes", pgno, page.size()));

    constexpr std::size_t prefix = frame_header_size + frame_size_field;
    const std::size_t bound = page_compressor::bound(page.size());
    std::uint8_t* const frame = reserve(prefix + bound);
    const std::size_t size = compressor_.compress(page, {frame + prefix, bound});
    io::store_big(frame, pgno);
    io::store_big(frame + 4, page_flag_block);
    io::store_big(frame + frame_header_size, static_cast<std::uint32_t>(size));
    file_crc_.update({frame, prefix});
    file_crc_.update(page);

    io::append_uvarint(index_, pgno);
    io::append_uvarint(index_, bytes_encoded());
    io::append_uvarint(index_, prefix + size);
    used_ += prefix + size;
    last_page_ = pgno;
    ++page_count_;
    if (is_snapshot(header_)) database_checksum_ = fold(database_checksum_, page_checksum(pgno, page));
    return {};
}

io::result<void> encoder::finish() {
    if (finished_) return refused("the file is finished");
    if (is_snapshot(header_)) {
        const std::uint64_t all = count_pages(header_.page_size, 1, header_.commit);
        if (page_count_ != all) return refused(fmt::format("a snapshot with {} of {} pages", page_count_, all));
        if (header_.sums && header_.sums->post != database_checksum_)
            return refused("the database checksum in the header is not that of the pages encoded");
    }
    finished_ = true;
    append_hashed(std::array<std::uint8_t, frame_header_size>{});
    io::append_uvarint(index_, 0);
    io::append_big(index_, std::uint64_t{index_.size()});
    append_hashed(index_);
    append_hashed(std::array<std::uint8_t, 8>{});  // no post-apply checksum
    file_checksum_ = checksum_flag | file_crc_.value();
    io::store_big(reserve(8), file_checksum_);
    used_ += 8;
    index_ = {};
    return {};
}

io::bytes encoder::take_output() {
    output_.resize(used_);
    taken_ += used_;
    used_ = 0;
    return std::exchange(output_, {});
}

}  // namespace ltx
