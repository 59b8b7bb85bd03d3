#include "wal/log_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "io/buggify.h"

namespace wal {

namespace {

constexpr std::size_t chunk_bytes = 1U << 17U;  // stays in the cache while it is checked

}  // namespace

io::result<std::optional<header>> log_reader::open() {
    file_.reset();
    auto opened = files_->open(path_, io::open_mode::read);
    if (!opened && opened.error().code == io::errc::not_found) return std::optional<header>();
    if (!opened) return opened.error().as(whose());
    file_ = std::move(*opened);
    return current_header();
}

// Where the log would end, if it is a segment of one.
io::result<std::uint64_t> log_reader::size() const {
    auto bytes = file_->size();
    if (!bytes) return bytes.error().as(whose());
    if (!of_) return bytes;
    return of_->start.offset + (std::max(*bytes, segment_header_size) - segment_header_size);
}

io::result<std::size_t> log_reader::read_at(std::uint64_t offset, io::byte_span out) const {
    if (of_) {
        if (offset < of_->start.offset) return std::size_t{0};
        offset = offset - of_->start.offset + segment_header_size;
    }
    auto got = file_->read_at(offset, out);
    if (!got) return got.error().as(whose());
    return got;
}

io::result<std::optional<header>> log_reader::current_header() const {
    if (of_) return std::optional(of_->log);
    io::bytes start(header_size);
    auto got = file_->read_at(0, start);
    if (!got) return got.error().as(io::subject::database);
    start.resize(*got);
    auto head = decode_header(start);
    if (!head) return head.error().within(path_);
    return head;
}

io::result<bool> log_reader::holds(position& p, bool fill) {
    if (!file_ || p.page_size == 0) return false;
    auto head = current_header();
    if (!head) return head.error();
    if (!*head || (*head)->salt1 != p.salt1 || (*head)->salt2 != p.salt2 || (*head)->page_size != p.page_size) return false;
    const position start = of_ ? of_->start : start_of(**head);
    if (p.offset < start.offset) return false;
    auto got = read(start, p.offset, UINT64_MAX);
    if (!got) return got.error();
    if (got->what != outcome::read || got->batch.end().offset != p.offset) return false;
    if (fill) p = got->batch.end();
    return got->batch.end() == p;
}

io::result<log_reader::reading> log_reader::read(const position& from, std::uint64_t end, std::uint64_t limit, page_sum sum) {
    reading out{outcome::read, false, frame_batch(from)};
    auto head = current_header();
    if (!head) return head.error();
    auto there_is = size();
    if (!there_is) return there_is.error();
    if (!*head || !same_generation(from, **head) || *there_is < from.offset || (of_ && from.offset < of_->start.offset)) {
        out.what = outcome::restarted;
        return out;
    }
    scanner frames(from);
    const auto take = [&out, sum](const frame& f) { out.batch.add(f, sum == nullptr ? 0 : sum(f.pgno, f.page)); };
    const std::size_t frame_bytes = frame_header_size + from.page_size;
    const std::uint64_t there = std::min(end, *there_is) - std::min(end, from.offset);
    const std::size_t most = io::buggify("log.frame_by_frame") ? 1 : chunk_bytes;
    io::bytes chunk(static_cast<std::size_t>(std::min<std::uint64_t>(std::max(most / frame_bytes, std::size_t{1}) * frame_bytes, there)));
    while (frames.read_offset() < end && !frames.ended()) {
        if (frames.committed().offset - from.offset >= limit) {
            out.more = true;
            break;
        }
        const std::size_t want = static_cast<std::size_t>(std::min<std::uint64_t>(chunk.size(), end - frames.read_offset()));
        auto got = read_at(frames.read_offset(), io::byte_span(chunk).first(want));
        if (!got) return got.error();
        if (frames.feed(io::byte_view(chunk).first(*got), take) == 0) break;  // the file is shorter than the index says
    }
    out.batch.finish(frames.committed());
    if (!out.more && frames.read_offset() < end) {
        // A restart between our look at the header and the frames shows here as frames with other salts.
        auto now = current_header();
        if (!now) return now.error();
        out.what = *now && same_generation(from, **now) ? outcome::broken : outcome::restarted;
    }
    return out;
}

io::result<void> log_reader::read_page(std::uint64_t offset, io::byte_span page) const {
    auto got = read_at(offset, page);
    if (!got) return got.error();
    if (*got != page.size()) {
        return io::error{io::errc::io_failure, io::subject::database, fmt::format("{}: ends within the page at {}", path_, offset)};
    }
    return {};
}

io::result<bool> log_reader::goes_on(const position& from) const {
    std::array<std::uint8_t, frame_header_size> raw{};
    auto got = read_at(from.offset, raw);
    if (!got) return got.error();
    if (*got != raw.size()) return false;
    const frame_header next = decode_frame_header(raw.data());
    return next.salt1 == from.salt1 && next.salt2 == from.salt2;
}

io::result<void> log_reader::read_some(std::uint64_t offset, std::size_t most, io::bytes& into) const {
    into.resize(most);
    auto got = read_at(offset, into);
    into.resize(got ? *got : 0);
    if (!got) return got.error();
    return {};
}

}  // namespace wal
