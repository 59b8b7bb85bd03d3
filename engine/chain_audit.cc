#include "engine/chain_audit.h"

#include <fmt/format.h>

#include <algorithm>

#include "ltx/chain.h"
#include "ltx/checksum.h"

namespace engine {
namespace {

// A native checksum has bit 63 even for a database without pages, whose checksum is 0.
std::optional<std::uint64_t> normal(std::optional<std::uint64_t> checksum) {
    return checksum == ltx::checksum_flag ? std::optional<std::uint64_t>(0) : checksum;
}

}  // namespace

bool chain_audit::before(const stored_file& a, const stored_file& b) {
    if (a.range.max != b.range.max) return a.range.max < b.range.max;
    return a.range.min != b.range.min ? a.range.min > b.range.min : a.level < b.level;
}

void chain_audit::add(const audited_file& next) {
    const txid_range range = next.file.range;
    if (!points_.empty() && points_.back().first == range.max) {
        compare(next);
    } else if (ltx::is_snapshot(range)) {
        start(next);
    } else if (!points_.empty() && range.min - 1 <= points_.back().first) {
        apply(next);
    } else if (const std::uint64_t first = points_.empty() ? 1 : points_.back().first + 1; hole_) {
        hole_->last = std::min(hole_->last, range.min - 1);
    } else {
        hole_ = hole{first, range.min - 1, next.file.key};
    }
}

void chain_audit::start(const audited_file& snapshot) {
    const ltx::header& h = snapshot.summary.header;
    page_size_ = h.page_size;
    sums_.assign(h.commit, 0);
    for (const auto& page : snapshot.pages) sums_[page.pgno - 1] = page.sum;
    // The decoder has compared it with the snapshot's claim.
    if (ltx::post_checksum(h, snapshot.summary.trailer)) ++report_.checksums_confirmed;
    reached(snapshot, snapshot.summary.database_checksum.value_or(0));
}

void chain_audit::apply(const audited_file& next) {
    const ltx::header& h = next.summary.header;
    if (h.page_size != page_size_) return doubt(next, fmt::format("page size {} after page size {}", h.page_size, page_size_));
    if (!agrees_before(next)) return;
    ltx::growth_check growth(static_cast<std::uint32_t>(sums_.size()), h);
    for (const auto& page : next.pages) growth.add(page.pgno);
    if (auto whole = growth.finish(); !whole) return doubt(next, whole.error().context);
    const std::uint64_t checksum = checksum_with(next);
    if (!agrees_after(next, checksum)) return;
    sums_.resize(h.commit);
    for (const auto& page : next.pages) sums_[page.pgno - 1] = page.sum;
    reached(next, checksum);
}

// The database checksum once `next` is applied. Each page is within next's commit, or the decoder would have refused it.
std::uint64_t chain_audit::checksum_with(const audited_file& next) const {
    const std::size_t commit = next.summary.header.commit;
    std::uint64_t folded = points_.back().second;
    for (std::size_t i = commit; i < sums_.size(); ++i) folded ^= sums_[i];
    for (const auto& page : next.pages) {
        folded ^= page.sum;
        if (page.pgno <= sums_.size()) folded ^= sums_[page.pgno - 1];
    }
    return commit == 0 ? 0 : ltx::fold(0, folded);
}

// Another file that ends where the state is: each of its pages is the page at that TXID (B10).
void chain_audit::compare(const audited_file& other) {
    const ltx::header& h = other.summary.header;
    const auto clash = [&](std::string_view what) {
        doubt(other, fmt::format("{} at TXID {} is another than in {}: one TXID with two contents", what, h.max_txid, key_));
    };
    if (h.page_size != page_size_ || h.commit != sums_.size()) return clash("the size of the database");
    for (const auto& page : other.pages) {
        if (sums_[page.pgno - 1] != page.sum) return clash(fmt::format("page {}", page.pgno));
    }
    if (agrees_before(other)) (void)agrees_after(other, points_.back().second);
}

bool chain_audit::agrees_before(const audited_file& next) {
    const auto claimed = normal(ltx::pre_checksum(next.summary.header));
    if (!claimed || ltx::is_snapshot(next.file.range)) return true;
    const std::uint64_t before = next.file.range.min - 1;
    const auto known = std::lower_bound(points_.begin(), points_.end(), std::pair{before, std::uint64_t{0}});
    if (known == points_.end() || known->first != before) return true;
    if (known->second == *claimed) {
        ++report_.checksums_confirmed;
        return true;
    }
    doubt(next, fmt::format("starts from a database with checksum {:016x}, but at TXID {} it is {:016x}: it belongs to another stream or history",
                            *claimed, before, known->second));
    return false;
}

bool chain_audit::agrees_after(const audited_file& next, std::uint64_t checksum) {
    const auto claimed = normal(ltx::post_checksum(next.summary.header, next.summary.trailer));
    if (claimed && *claimed != checksum) {
        doubt(next, fmt::format("claims the database checksum {:016x} after it, but its pages give {:016x}", *claimed, checksum));
        return false;
    }
    if (claimed) ++report_.checksums_confirmed;
    return true;
}

void chain_audit::reached(const audited_file& by, std::uint64_t checksum) {
    // Whatever was out of reach ends at or before this point.
    if (hole_) {
        report_.findings.push_back({finding::severity::note, hole_->after,
                                    fmt::format("TXIDs {} to {} before it are missing or damaged; {} bridges them", hole_->first, hole_->last, by.file.key)});
        hole_.reset();
    }
    key_ = by.file.key;
    points_.emplace_back(by.file.range.max, checksum);
    const verify_point point{by.file.range.max, by.summary.header.timestamp_ms};
    if (report_.earliest.txid == 0) report_.earliest = point;
    report_.newest = point;
}

void chain_audit::finish(const std::string& stream) {
    report_.page_size = page_size_;
    report_.page_sums = std::move(sums_);
    report_.database_checksum = points_.empty() ? 0 : points_.back().second;
    if (points_.empty()) {
        report_.findings.push_back({finding::severity::doubt, stream, "nothing can be restored: there is no sound file that starts at TXID 1"});
    } else if (hole_) {
        report_.findings.push_back({finding::severity::doubt, hole_->after,
                                    fmt::format("TXIDs {} to {} before it are missing or damaged: nothing after TXID {} can be restored", hole_->first,
                                                hole_->last, points_.back().first)});
    }
}

void chain_audit::doubt(const audited_file& about, std::string text) {
    report_.findings.push_back({finding::severity::doubt, about.file.key, std::move(text)});
}

}  // namespace engine
