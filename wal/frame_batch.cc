#include "wal/frame_batch.h"

#include <algorithm>

namespace wal {

void frame_batch::add(const frame& f, std::uint64_t sum) {
    places_.push_back({f.pgno, f.page_offset, sum});
    if (f.commit_pages == 0) return;
    if (ends_.empty() || f.commit_pages < commit_pages_) ends_.push_back({f.page_offset, f.commit_pages});
    committed_ = places_.size();
    commit_pages_ = f.commit_pages;
}

void frame_batch::finish(const position& end) {
    end_ = end;
    places_.resize(committed_);
    frames_ = committed_;
    std::sort(places_.begin(), places_.end(), [](const page_place& a, const page_place& b) {
        return a.pgno != b.pgno ? a.pgno < b.pgno : a.offset > b.offset;  // the newest of a page first
    });
    const auto same_page = [](const page_place& a, const page_place& b) { return a.pgno == b.pgno; };
    places_.erase(std::unique(places_.begin(), places_.end(), same_page), places_.end());
    // A commit that shrinks the database drops the pages behind its end (B7).
    const auto beyond = [this](const page_place& p) { return p.pgno > commit_pages_; };
    places_.erase(std::find_if(places_.begin(), places_.end(), beyond), places_.end());
}

std::optional<std::uint64_t> frame_batch::find(std::uint32_t pgno) const {
    const auto at = std::lower_bound(places_.begin(), places_.end(), pgno, [](const page_place& p, std::uint32_t n) { return p.pgno < n; });
    if (at == places_.end() || at->pgno != pgno) return std::nullopt;
    return at->offset;
}

bool frame_batch::dropped_since(std::uint32_t pgno, std::uint64_t offset) const {
    return std::any_of(ends_.begin(), ends_.end(), [&](const end_of_database& one) { return one.offset >= offset && one.pages < pgno; });
}

}  // namespace wal
