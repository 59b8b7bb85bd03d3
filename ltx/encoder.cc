#include "ltx/encoder.h"

#include <fmt/format.h>

#include <array>
#include <utility>

namespace ltx {
namespace {

constexpr std::size_t prefix = frame_header_size + frame_size_field;

io::error refused(std::string why) { return bad_content(io::errc::invalid, std::move(why)); }

}  // namespace

io::result<encoder> encoder::create(const header& h) {
    if (h.native_checksums()) return bad_content(io::errc::unsupported, "LTX header: native database checksums are not written");
    auto encoded = encode_header(h);
    if (!encoded) return std::move(encoded).error();
    return encoder(h, *std::move(encoded));
}

encoder::encoder(const header& h, io::bytes encoded_header)
    : header_(h), output_(std::move(encoded_header)), frame_(prefix + page_compressor::bound(h.page_size)) {
    file_crc_.update(output_);
}

void encoder::append_hashed(io::byte_view data) {
    io::append(output_, data);
    file_crc_.update(data);
}

io::result<void> encoder::add_page(std::uint32_t pgno, io::byte_view page) {
    if (finished_) return refused(fmt::format("page {}: the file is finished", pgno));
    if (pgno == 0 || pgno == lock_page(header_.page_size)) return refused(fmt::format("page {} is never part of a file", pgno));
    if (pgno > header_.commit) return refused(fmt::format("page {} is beyond the database's {} pages", pgno, header_.commit));
    if (pgno <= last_page_) return refused(fmt::format("page {} after page {}", pgno, last_page_));
    if (page.size() != header_.page_size) return refused(fmt::format("page {} has {} bytes", pgno, page.size()));

    const std::size_t size = compressor_.compress(page, io::byte_span(frame_).subspan(prefix));
    io::store_big(frame_.data(), pgno);
    io::store_big(frame_.data() + 4, page_flag_block);
    io::store_big(frame_.data() + frame_header_size, static_cast<std::uint32_t>(size));
    const io::byte_view frame = io::byte_view(frame_).first(prefix + size);
    file_crc_.update(frame.first(prefix));
    file_crc_.update(page);

    io::append_uvarint(index_, pgno);
    io::append_uvarint(index_, bytes_encoded());
    io::append_uvarint(index_, frame.size());
    io::append(output_, frame);
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
    io::append_big(output_, file_checksum_);
    index_ = {};
    return {};
}

io::bytes encoder::take_output() {
    taken_ += output_.size();
    io::bytes out = std::exchange(output_, {});
    // Who takes parts takes more of about that size.
    if (!finished_) output_.reserve(out.size());
    return out;
}

}  // namespace ltx
