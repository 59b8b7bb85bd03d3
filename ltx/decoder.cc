#include "ltx/decoder.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "ltx/codec.h"

namespace ltx {
namespace {

io::error corrupt(std::string why) { return bad_content(io::errc::corrupt, std::move(why)); }

struct frame_head {
    std::uint32_t pgno = 0;
    std::uint16_t flags = 0;
};

frame_head load_frame_head(io::byte_view data) { return {io::load_big<std::uint32_t>(&data[0]), io::load_big<std::uint16_t>(&data[4])}; }

io::result<void> known_page_flags(const frame_head& head) {
    if ((head.flags & ~page_flag_block) != 0) return bad_content(io::errc::unsupported, fmt::format("page {}: unknown flags {}", head.pgno, head.flags));
    return {};
}

}  // namespace

io::result<void> decoder::feed(io::byte_view chunk, const page_sink& sink) {
    for (;;) {
        auto got = next(chunk);
        if (!got) return std::move(got).error();
        if (!*got) return {};
        if (auto taken = sink((*got)->pgno, (*got)->bytes); !taken) {
            failed_ = true;
            return taken;
        }
    }
}

io::result<std::optional<page>> decoder::next(io::byte_view& chunk) {
    if (failed_) return corrupt("LTX file: refused before");
    auto got = advance(chunk);
    if (!got) failed_ = true;
    return got;
}

io::result<file_summary> decoder::finish() {
    if (failed_) return corrupt("LTX file: refused before");
    if (state_ != state::done) return corrupt(fmt::format("LTX file: ends after {} bytes", offset_ + held_.size()));
    return summary_;
}

io::result<std::optional<page>> decoder::advance(io::byte_view& chunk) {
    for (;;) {
        if (state_ == state::done) {
            if (!chunk.empty()) return corrupt("LTX file: bytes after the trailer");
            return std::nullopt;
        }
        if (state_ == state::index) {
            if (!skip_index(chunk)) return std::nullopt;
            if (actual_index_.value() != expected_index_.value()) return corrupt("LTX file: the page index disagrees with the pages");
            expect(state::trailer, index_length_size + trailer_size);
            continue;
        }
        if (!collect(chunk)) return std::nullopt;
        if (state_ == state::block || state_ == state::frame) {
            auto got = on_payload();
            if (!got || *got) return got;
        } else if (auto ok = on_field(); !ok) {
            return std::move(ok).error();
        }
    }
}

// Copies only what is split over chunks.
bool decoder::collect(io::byte_view& chunk) {
    const std::size_t taken = std::min(wanted_ - held_.size(), chunk.size());
    const io::byte_view part = chunk.first(taken);
    chunk = chunk.subspan(taken);
    if (held_.empty() && taken == wanted_) {
        item_ = part;
        return true;
    }
    io::append(held_, part);
    item_ = held_;
    return held_.size() == wanted_;
}

// The current item is used up; the next one is of `size` bytes.
void decoder::expect(state next_state, std::size_t size) {
    offset_ += item_.size();
    item_ = {};
    held_.clear();
    state_ = next_state;
    wanted_ = size;
}

io::result<void> decoder::on_field() {
    switch (state_) {
        case state::header: return on_header();
        case state::frame_header: return on_frame_header();
        case state::block_size: return on_block_size();
        default: return on_trailer();
    }
}

io::result<void> decoder::on_header() {
    auto decoded = decode_header(item_);
    if (!decoded) return std::move(decoded).error();
    summary_.header = *decoded;
    if (is_snapshot(summary_.header)) summary_.database_checksum = 0;
    file_crc_.update(item_);
    page_.resize(summary_.header.page_size);
    expect(state::frame_header, frame_header_size);
    return {};
}

io::result<void> decoder::on_frame_header() {
    const header& h = summary_.header;
    const frame_head head = load_frame_head(item_);
    file_crc_.update(item_);
    if (head.pgno == 0 && head.flags == 0) return on_pages_end();
    if (auto ok = known_page_flags(head); !ok) return ok;
    if (head.pgno == 0 || head.pgno == lock_page(h.page_size)) return corrupt(fmt::format("page {} is never part of a file", head.pgno));
    if (head.pgno > h.commit) return corrupt(fmt::format("page {} is beyond the database's {} pages", head.pgno, h.commit));
    if (head.pgno <= pgno_) return corrupt(fmt::format("page {} after page {}", head.pgno, pgno_));
    pgno_ = head.pgno;
    frame_start_ = offset_;
    if (head.flags == page_flag_block) expect(state::block_size, frame_size_field);
    else expect(state::frame, measure_frame({})->size);
    return {};
}

io::result<void> decoder::on_block_size() {
    const auto size = io::load_big<std::uint32_t>(item_.data());
    if (size == 0 || size > page_compressor::bound(page_.size())) return corrupt(fmt::format("page {}: a block of {} bytes", pgno_, size));
    file_crc_.update(item_);
    expect(state::block, size);
    return {};
}

// The payload is complete, or (only for an LZ4 frame) longer than could be told before.
io::result<std::optional<page>> decoder::on_payload() {
    io::result<void> filled;
    if (state_ == state::frame) {
        auto extent = measure_frame(item_);
        if (!extent) return std::move(extent).error().within(fmt::format("page {}", pgno_));
        if (extent->size > max_frame_size(summary_.header.page_size)) return corrupt(fmt::format("page {}: an LZ4 frame too large for its page", pgno_));
        if (!extent->complete) {
            if (held_.empty()) held_.assign(item_.begin(), item_.end());
            wanted_ = extent->size;
            return std::nullopt;
        }
        filled = decompress_frame(item_, page_);
    } else {
        filled = decompress_block(item_, page_);
    }
    if (!filled) return std::move(filled).error().within(fmt::format("page {}", pgno_));
    expect(state::frame_header, frame_header_size);
    file_crc_.update(page_);
    if (summary_.database_checksum) summary_.database_checksum = fold(*summary_.database_checksum, page_checksum(pgno_, page_));
    io::bytes entry;
    io::append_uvarint(entry, pgno_);
    io::append_uvarint(entry, frame_start_);
    io::append_uvarint(entry, offset_ - frame_start_);
    expected_index_.update(entry);
    index_size_ += entry.size();
    ++summary_.page_count;
    return page{pgno_, page_};
}

io::result<void> decoder::on_pages_end() {
    const header& h = summary_.header;
    const std::uint64_t all = count_pages(h.page_size, 1, h.commit);
    // Pages ascend without the lock page and end at the commit: as many as there are means all of them.
    if (is_snapshot(h) && summary_.page_count != all) return corrupt(fmt::format("a snapshot with {} of {} pages", summary_.page_count, all));
    constexpr std::array<std::uint8_t, 1> end_of_index = {0};
    expected_index_.update(end_of_index);
    ++index_size_;
    index_left_ = index_size_;
    expect(state::index, 0);
    return {};
}

// True when the whole index has been seen.
bool decoder::skip_index(io::byte_view& chunk) {
    const io::byte_view part = chunk.first(static_cast<std::size_t>(std::min<std::uint64_t>(index_left_, chunk.size())));
    chunk = chunk.subspan(part.size());
    actual_index_.update(part);
    file_crc_.update(part);
    offset_ += part.size();
    index_left_ -= part.size();
    return index_left_ == 0;
}

io::result<void> decoder::on_trailer() {
    const header& h = summary_.header;
    if (io::load_big<std::uint64_t>(item_.data()) != index_size_) return corrupt("LTX file: the page index disagrees with the pages");
    auto decoded = decode_trailer(item_.last(trailer_size), h);
    if (!decoded) return std::move(decoded).error();
    summary_.trailer = *decoded;
    file_crc_.update(item_.first(index_length_size + 8));  // all but the file checksum itself
    if ((checksum_flag | file_crc_.value()) != decoded->file_checksum) return corrupt("LTX file: wrong file checksum");
    if (const auto post = post_checksum(h, *decoded); post && summary_.database_checksum) {
        // A native checksum has bit 63 even for a database of no pages.
        const std::uint64_t computed = *summary_.database_checksum | (h.native_checksums() ? checksum_flag : 0);
        if (*post != computed) return corrupt("LTX file: the snapshot's pages do not have the database checksum it claims");
    }
    expect(state::done, 0);
    summary_.size = offset_;
    return {};
}

io::result<void> decode_page(io::byte_view frame, std::uint32_t page_size, std::uint32_t expected_pgno, io::byte_span out) {
    const auto context = [&] { return fmt::format("page {}", expected_pgno); };
    if (!valid_page_size(page_size) || out.size() != page_size) return bad_content(io::errc::invalid, context() + ": bad page size");
    if (frame.size() <= frame_header_size + frame_size_field || frame.size() > max_frame_size(page_size)) return corrupt(context() + ": not a frame");
    const frame_head head = load_frame_head(frame);
    if (head.pgno != expected_pgno) return corrupt(fmt::format("page {}: the frame is that of page {}", expected_pgno, head.pgno));
    if (auto ok = known_page_flags(head); !ok) return ok;
    io::byte_view payload = frame.subspan(frame_header_size);
    io::result<void> filled;
    if (head.flags == page_flag_block) {
        const auto size = io::load_big<std::uint32_t>(payload.data());
        payload = payload.subspan(frame_size_field);
        if (size != payload.size()) return corrupt(context() + ": a block of another size than its frame");
        filled = decompress_block(payload, out);
    } else {
        filled = decompress_frame(payload, out);
    }
    if (!filled) return std::move(filled).error().within(context());
    return {};
}

}  // namespace ltx
