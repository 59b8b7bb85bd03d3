#include "engine/capture.h"

#include <fmt/format.h>

#include <algorithm>

#include "ltx/checksum.h"
#include "wal/page_window.h"

namespace engine {

namespace {

constexpr std::int64_t most_step_back_ms = 3'600'000;

io::error lost(std::string_view why) {
    return {io::errc::gap, io::subject::database, fmt::format("continuity is lost: {}", why)};
}

// The batch's pages, and those of a grown range that the log never carried: SQLite allocated and freed them within a transaction, their
// bytes mean nothing, but readers of the format want every page of a growth.
page_list pages_of(std::shared_ptr<const frame_source> source, std::shared_ptr<const wal::frame_batch> batch, std::uint32_t old_pages,
                   std::uint32_t page_size) {
    page_list out;
    out.pages.reserve(batch->pages().size());
    out.sums.reserve(batch->pages().size());
    const io::bytes zeros(page_size);
    const auto fill_up_to = [&](std::uint32_t last) {
        std::uint32_t pgno = std::max(old_pages, out.pages.empty() ? 0 : out.pages.back()) + 1;
        for (; pgno <= last; ++pgno) {
            if (pgno == ltx::lock_page(page_size)) continue;
            out.pages.push_back(pgno);
            out.sums.push_back(ltx::page_checksum(pgno, zeros));
        }
    };
    for (const auto& place : batch->pages()) {
        fill_up_to(place.pgno - 1);
        out.pages.push_back(place.pgno);
        out.sums.push_back(place.sum);
    }
    fill_up_to(batch->commit_pages());
    out.read = [source, window = wal::page_window(page_size), batch](std::uint32_t pgno, io::byte_span page) mutable -> io::result<void> {
        if (const auto place = batch->find(pgno)) return window.read(source->at(*place), *place, page);
        std::fill(page.begin(), page.end(), std::uint8_t{0});
        return {};
    };
    return out;
}

}  // namespace

ltx::header make_header(std::uint64_t min, std::uint64_t max, std::uint32_t page_count, std::uint64_t epoch, std::uint64_t wal_offset,
                        const wal::position& mark, std::int64_t now_ms) {
    ltx::header out;
    out.page_size = mark.page_size;
    out.commit = page_count;
    out.min_txid = min;
    out.max_txid = max;
    out.timestamp_ms = now_ms;
    out.wal_offset = static_cast<std::int64_t>(wal_offset);
    out.wal_size = static_cast<std::int64_t>(mark.offset - wal_offset);
    out.salt1 = mark.salt1;
    out.salt2 = mark.salt2;
    out.node_id = epoch;
    return out;
}

std::int64_t stamp(std::int64_t now_ms, std::int64_t newest_ms) {
    return newest_ms - now_ms > most_step_back_ms ? now_ms : std::max(now_ms, newest_ms);
}

namespace {

// What was read, as the next TXID.
io::result<captured> make_object(attachment& at, const base_state& base, std::shared_ptr<const wal::log_reader> log,
                                 wal::log_reader::reading got, std::int64_t now_ms) {
    captured out;
    out.after = base.position;
    auto batch = std::make_shared<const wal::frame_batch>(std::move(got.batch));
    auto source = std::make_shared<frame_source>(frame_source{{{std::move(log), UINT64_MAX}}});
    page_list pages = pages_of(source, batch, base.page_count, base.position.page_size);
    if (pages.pages.empty()) return out;
    out.after = batch->end();
    out.more = got.more;
    const ltx::header head = make_header(base.txid + 1, base.txid + 1, batch->commit_pages(), base.epoch, base.position.offset, batch->end(),
                                         stamp(now_ms, base.stamped_ms));
    out.source = std::move(source);
    out.object = std::make_shared<object_encoder>(head, std::move(pages));
    if (auto ok = out.object->prepare(); !ok) return ok.error();
    auto post = at.sums.checksum_after(out.object->sums(), head.commit);
    if (!post) return post.error();
    out.object->set_sums({base.post, *post});
    return out;
}

io::result<captured> capture_published(attachment& at, const base_state& base, std::uint32_t salt1, std::uint32_t salt2, std::uint32_t end_frame,
                                 std::uint64_t limit, bool even_own, std::int64_t now_ms) {
    const wal::position& from = base.position;
    if (salt1 != from.salt1 || salt2 != from.salt2) return lost("the log was restarted although it was pinned");
    const std::uint64_t end = wal::frame_offset(std::uint64_t{end_frame} + 1, from.page_size);
    if (end < from.offset) return lost("the log ends before what was captured of it");
    captured out;
    out.after = from;
    if (end == from.offset) return out;
    // Our own frame does not count: a limit that it reaches alone would end every reading there, and nothing would be shipped any more.
    const bool own_first = at.own_frame_first && from.offset == wal::header_size;
    const std::uint64_t own_bytes = own_first ? wal::frame_header_size + from.page_size : 0;
    auto got = at.log.read(from, end, limit + std::min(own_bytes, UINT64_MAX - limit), ltx::page_checksum);
    if (!got) return got.error();
    if (got->what == wal::log_reader::outcome::restarted) return lost("the log is another generation than its index says");
    if (got->what == wal::log_reader::outcome::broken) return lost("a committed frame does not continue the checksum chain");
    const bool only_own = own_first && got->batch.frames() == 1;
    if (got->batch.empty() || (only_own && !even_own)) return out;
    return make_object(at, base, {std::shared_ptr<const wal::log_reader>(), &at.log}, std::move(*got), now_ms);  // the driver keeps the log
}

}  // namespace

io::result<captured> capture_log(attachment& at, const base_state& base, std::uint32_t salt1, std::uint32_t salt2, std::uint32_t end_frame,
                                 std::uint64_t limit, bool even_own, std::int64_t now_ms) {
    auto out = capture_published(at, base, salt1, salt2, end_frame, limit, even_own, now_ms);
    if (!out || out->more) return out;
    // Our own frame, not shipped alone, is not news.
    wal::position end = out->after;
    end.offset = std::max(end.offset, wal::frame_offset(std::uint64_t{end_frame} + 1, end.page_size));
    auto tail = at.log.goes_on(end);
    if (!tail) return tail.error();
    out->unpublished = *tail;
    return out;
}

io::result<captured> capture_segment(io::file_system& files, attachment& at, const base_state& base, std::uint64_t limit, std::int64_t now_ms) {
    const wal::segment& from = *at.shadow.front();
    auto file = files.status(from.path);
    if (!file) return file.error();
    auto opened = at.shadow.reader(from);
    if (!opened) return opened.error();
    auto frames = std::make_shared<wal::log_reader>(std::move(*opened));
    auto got = frames->read(base.position, from.end.offset, limit, ltx::page_checksum);
    if (!got) return got.error();
    if (got->what != wal::log_reader::outcome::read || got->batch.empty()) {
        return io::error{io::errc::corrupt, io::subject::general, fmt::format("{}: it no longer holds the frames at {}", from.path, base.position.offset)};
    }
    // Its commits are as old as the copy, whenever it is shipped.
    const std::int64_t copied_ms = std::clamp(file->modified_ms, std::min(base.stamped_ms, now_ms), now_ms);
    auto out = make_object(at, base, std::move(frames), std::move(*got), copied_ms);
    if (!out) return out;
    out->of_segment = true;
    return out;
}

io::result<std::shared_ptr<wal::image>> open_image(attachment& at, const std::optional<wal::position>& mark, std::uint32_t file_pages) {
    auto head = at.log.open();
    if (!head) return head.error();
    if (!*head) return lost("the pinned log is empty");
    const wal::position start = wal::start_of(**head);
    std::uint64_t end = 0;
    if (mark) {
        if (!wal::same_generation(*mark, **head)) return lost("the log was restarted although it was pinned");
        end = mark->offset;
    } else {
        auto now = at.live->index();
        if (!now) return now.error();
        end = wal::frame_offset(std::uint64_t{now->max_frame} + 1, start.page_size);
    }
    auto got = at.log.read(start, end, UINT64_MAX);
    if (!got) return got.error();
    if (got->what != wal::log_reader::outcome::read || got->batch.end().offset != end) return lost("the pinned log does not read to its end");
    return std::make_shared<wal::image>(*at.live, at.log, std::move(got->batch), start.page_size, file_pages);
}

io::result<std::vector<std::uint64_t>> sums_of(const wal::image& from) {
    std::vector<std::uint64_t> out(from.page_count());
    io::bytes page(from.page_size());
    for (std::uint32_t pgno = 1; pgno <= from.page_count(); ++pgno) {
        if (pgno == ltx::lock_page(from.page_size())) continue;
        if (auto ok = from.read(pgno, page); !ok) return ok.error();
        out[pgno - 1] = ltx::page_checksum(pgno, page);
    }
    return out;
}

page_list all_pages(std::shared_ptr<wal::image> from) {
    page_list out;
    for (std::uint32_t pgno = 1; pgno <= from->page_count(); ++pgno) {
        if (pgno != ltx::lock_page(from->page_size())) out.pages.push_back(pgno);
    }
    out.read = [from](std::uint32_t pgno, io::byte_span page) { return from->read(pgno, page); };
    return out;
}

io::result<page_list> changed_pages(std::shared_ptr<wal::image> from, const ltx::page_sums& known) {
    auto now = sums_of(*from);
    if (!now) return now.error();
    page_list out;
    for (std::uint32_t pgno = 1; pgno <= from->page_count(); ++pgno) {
        if (pgno == ltx::lock_page(from->page_size())) continue;
        if (pgno > known.page_count() || (*now)[pgno - 1] != known.get(pgno)) out.pages.push_back(pgno);
    }
    out.read = [from](std::uint32_t pgno, io::byte_span page) { return from->read(pgno, page); };
    return out;
}

}  // namespace engine
