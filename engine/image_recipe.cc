#include "engine/image_recipe.h"

#include <fmt/format.h>

#include <utility>

namespace engine {
namespace {

// A frame has at least its header, a size and a byte.
constexpr std::uint64_t smallest_frame = ltx::frame_header_size + ltx::frame_size_field + 1;

}  // namespace

io::result<void> recipe_builder::add_older(stored_file file, file_edges edges) {
    if (!newer_) {
        if (auto ok = start(edges); !ok) return ok.error().within(file.key);
    } else if (auto ok = check_newer(ltx::state_after(edges.header, edges.index.trailer)); !ok) {
        return ok.error().within(recipe_.sources.back().file.key);
    }
    image_source source;
    source.trailer = edges.index.trailer;
    source.pages = claim(edges.index.pages);
    if (kept_ + edges.whole.size() <= keep_limit) {
        kept_ += edges.whole.size();
        source.whole = std::move(edges.whole);
    }
    source.file = std::move(file);
    recipe_.sources.push_back(std::move(source));
    newer_ = std::move(edges);
    return {};
}

io::result<void> recipe_builder::start(const file_edges& newest) {
    const ltx::header& h = newest.header;
    recipe_.page_size = h.page_size;
    recipe_.page_count = h.commit;
    recipe_.pages_to_write = ltx::count_pages(h.page_size, 1, h.commit);
    recipe_.timestamp_ms = h.timestamp_ms;
    recipe_.checksum = ltx::post_checksum(h, newest.index.trailer);
    // A native checksum has bit 63 even for a database without pages.
    if (recipe_.checksum && recipe_.pages_to_write == 0) recipe_.checksum = 0;
    if (recipe_.pages_to_write > total_size_ / smallest_frame)
        return ltx::bad_content(io::errc::corrupt, fmt::format("claims {} pages, more than all files together can hold", h.commit));
    taken_.resize(std::size_t{h.commit} + 1);
    return {};
}

// The file added last against the state it is applied to.
io::result<void> recipe_builder::check_newer(const ltx::chain_state& before) const {
    if (auto ok = ltx::check_successor(before, newer_->header); !ok) return ok;
    ltx::growth_check growth(before.commit, newer_->header);
    for (const auto& page : newer_->index.pages) growth.add(page.pgno);
    return growth.finish();
}

std::vector<ltx::page_location> recipe_builder::claim(const std::vector<ltx::page_location>& offered) {
    std::vector<ltx::page_location> won;
    for (const auto& page : offered) {
        if (page.pgno >= taken_.size() || taken_[page.pgno]) continue;
        taken_[page.pgno] = true;
        won.push_back(page);
    }
    won.shrink_to_fit();
    claimed_ += won.size();
    return won;
}

io::result<image_recipe> recipe_builder::finish() {
    if (!newer_) return ltx::bad_content(io::errc::invalid, "no files to restore from");
    if (auto ok = ltx::check_start(newer_->header); !ok) return ok.error().within(recipe_.sources.back().file.key);
    if (claimed_ != recipe_.pages_to_write) {
        return ltx::bad_content(io::errc::corrupt, fmt::format("{} of the {} pages are in none of the files", recipe_.pages_to_write - claimed_,
                                                               recipe_.pages_to_write));
    }
    return std::move(recipe_);
}

}  // namespace engine
