#include "engine/live_compare.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "engine/database_lock.h"
#include "ltx/checksum.h"
#include "ltx/format.h"
#include "wal/live_database.h"
#include "wal/log_reader.h"

namespace engine {

namespace {

constexpr std::uint64_t step_bytes = 4U << 20U;
constexpr wal::live_options live_settings{.busy_ms = 1000};

template <class T>
bool take_number(std::string_view& rest, T& into, int base = 10) {
    const std::string_view word = rest.substr(0, rest.find(' '));
    const auto [end, ec] = std::from_chars(word.data(), word.data() + word.size(), into, base);
    if (ec != std::errc() || end != word.data() + word.size()) return false;
    rest.remove_prefix(std::min(word.size() + 1, rest.size()));
    return true;
}

// The newest commit, held by a read transaction: the log cannot be restarted over frames that are not in the file, or nobody writes to the
// file. See wal/connection_pin.h for why.
io::result<std::shared_ptr<wal::image>> image_of(const wal::live_database& live, const wal::wal_index& now, wal::log_reader& log) {
    if (now.backfilled >= now.max_frame) {
        auto size = live.file_pages();
        if (!size) return size.error();
        const std::uint32_t pages = now.max_frame > 0 ? now.page_count : size->page_count;
        return std::make_shared<wal::image>(live, log, wal::frame_batch(wal::position{}), size->page_size, pages);
    }
    auto head = log.open();
    if (!head) return head.error();
    const auto broken = [&] { return io::error{io::errc::busy, io::subject::database, live.path() + ": the log changed while it was read; try again"}; };
    if (!*head || (*head)->salt1 != now.salt1 || (*head)->salt2 != now.salt2) return broken();
    const std::uint64_t end = wal::frame_offset(std::uint64_t{now.max_frame} + 1, (*head)->page_size);
    auto got = log.read(wal::start_of(**head), end, UINT64_MAX);
    if (!got) return got.error();
    if (got->what != wal::log_reader::outcome::read || got->batch.end().offset != end) return broken();
    return std::make_shared<wal::image>(live, log, std::move(got->batch), (*head)->page_size, now.page_count);
}

}  // namespace

std::string live_comparison::text() const {
    return fmt::format("{} {} {:x} {} {}", page_size, page_count, checksum, differing, fmt::join(first, " "));
}

std::optional<live_comparison> live_comparison::parse(std::uint64_t txid, std::string_view text) {
    live_comparison out;
    out.txid = txid;
    if (!take_number(text, out.page_size) || !take_number(text, out.page_count) || !take_number(text, out.checksum, 16) || !take_number(text, out.differing)) {
        return std::nullopt;
    }
    for (std::uint32_t pgno = 0; !text.empty() && out.first.size() < most_named; out.first.push_back(pgno)) {
        if (!take_number(text, pgno)) return std::nullopt;
    }
    return text.empty() ? std::optional(out) : std::nullopt;
}

image_comparison::image_comparison(std::shared_ptr<wal::image> live, std::uint32_t backfilled, std::vector<std::uint64_t> known, std::uint64_t txid)
    : live_(std::move(live)), backfilled_end_(wal::frame_offset(std::uint64_t{backfilled} + 1, live_->page_size())), known_(std::move(known)) {
    found_.txid = txid;
    found_.page_size = live_->page_size();
    found_.page_count = live_->page_count();
}

void image_comparison::differs(std::uint32_t pgno) {
    ++found_.differing;
    if (found_.first.size() < live_comparison::most_named) found_.first.push_back(pgno);
}

io::result<bool> image_comparison::step() {
    io::bytes page(found_.page_size);
    for (std::uint64_t done = 0; next_ <= found_.page_count && done < step_bytes; ++next_, done += page.size()) {
        if (next_ == ltx::lock_page(found_.page_size)) continue;
        if (auto ok = live_->read(next_, page); !ok) return ok.error();
        const std::uint64_t sum = ltx::page_checksum(next_, page);
        found_.checksum = ltx::fold(found_.checksum, sum);
        if (next_ > known_.size() || known_[next_ - 1] != sum) {
            differs(next_);
        } else if (live_->in_log_before(next_, backfilled_end_)) {
            if (auto ok = live_->read_file(next_, page); !ok) return ok.error();
            if (ltx::page_checksum(next_, page) != sum) other_in_file_.push_back(next_);
        }
    }
    return next_ > found_.page_count;
}

io::result<live_comparison> image_comparison::finish(wal::log_reader& log, std::uint32_t end_frame) {
    for (std::size_t gone = found_.page_count; gone < known_.size(); ++gone) differs(static_cast<std::uint32_t>(gone + 1));
    const std::uint64_t end = wal::frame_offset(std::uint64_t{end_frame} + 1, found_.page_size);
    std::optional<wal::log_reader::reading> newer;
    if (!other_in_file_.empty() && end > live_->mark().offset) {
        auto got = log.read(live_->mark(), end, UINT64_MAX);
        if (!got) return got.error();
        newer = std::move(*got);
    }
    for (const std::uint32_t pgno : other_in_file_) {
        const bool passed_over = live_->dropped_since_logged(pgno) || (newer && (newer->batch.find(pgno) || newer->batch.dropped_since(pgno, 0)));
        if (!passed_over) differs(pgno);
    }
    std::ranges::sort(found_.first);
    return found_;
}

io::result<live_comparison> compare_unwatched(io::file_system& files, const std::string& path, const std::string& lock_directory, const std::string& who,
                                              std::vector<std::uint64_t> known, std::uint64_t txid) {
    auto live = wal::live_database::open(files, path, live_settings);
    if (!live) return live.error();
    auto lock = lock_database(files, **live, lock_directory, who);
    if (!lock) return lock.error();
    wal::log_reader log(files, (*live)->wal_path());
    auto now = (*live)->hold();
    if (!now) return now.error();
    auto image = image_of(**live, *now, log);
    if (!image) return image.error();
    image_comparison comparison(std::move(*image), now->backfilled, std::move(known), txid);
    while (true) {
        auto over = comparison.step();
        if (!over) return over.error();
        if (*over) break;
    }
    now = (*live)->index();
    if (!now) return now.error();
    return comparison.finish(log, now->max_frame);
}

}  // namespace engine
