#include "engine/object_encoder.h"

#include <fmt/format.h>

#include "io/buggify.h"
#include "ltx/checksum.h"

namespace engine {

object_encoder::object_encoder(ltx::header head, page_list from)
    : head_(std::move(head)), from_(std::move(from)), part_(io::buggify("encoder.small_parts") ? 2048 : part_bytes), scratch_(head_.page_size) {
    if (from_.sums.empty() && from_.pages.size() * std::uint64_t{head_.page_size} <= keep_bytes) kept_.resize(from_.pages.size() * head_.page_size);
}

io::result<io::byte_view> object_encoder::page_at(std::size_t index) {
    if (!kept_.empty() && !sums_.empty()) return io::byte_view(kept_).subspan(index * head_.page_size, head_.page_size);
    if (auto ok = from_.read(from_.pages[index], scratch_); !ok) return ok.error();
    return io::byte_view(scratch_);
}

io::result<void> object_encoder::prepare() {
    std::vector<ltx::page_sum> sums;
    sums.reserve(from_.pages.size());
    for (std::size_t i = 0; i < from_.sums.size(); ++i) sums.push_back({from_.pages[i], from_.sums[i]});
    for (std::size_t i = sums.size(); i < from_.pages.size(); ++i) {
        const io::byte_span page =
            kept_.empty() ? io::byte_span(scratch_) : io::byte_span(kept_).subspan(i * head_.page_size, head_.page_size);
        if (auto ok = from_.read(from_.pages[i], page); !ok) return ok.error();
        sums.push_back({from_.pages[i], ltx::page_checksum(from_.pages[i], page)});
    }
    sums_ = std::move(sums);
    return {};
}

io::result<std::optional<io::bytes>> object_encoder::next() {
    if (finished_) return std::optional<io::bytes>();
    if (!encoder_) {
        auto made = ltx::encoder::create(head_);
        if (!made) return made.error();
        encoder_.emplace(std::move(*made));
    }
    for (; at_ < from_.pages.size() && encoder_->pending_bytes() < part_; ++at_) {
        auto page = page_at(at_);
        if (!page) return page.error();
        if (kept_.empty() && !sums_.empty() && ltx::page_checksum(from_.pages[at_], *page) != sums_[at_].sum) {
            return io::error{io::errc::corrupt, io::subject::database,
                             fmt::format("page {} changed while it was being read for TXID {}", from_.pages[at_], head_.max_txid)};
        }
        if (auto ok = encoder_->add_page(from_.pages[at_], *page); !ok) return ok.error();
    }
    if (at_ == from_.pages.size() && encoder_->pending_bytes() < part_) {
        if (auto ok = encoder_->finish(); !ok) return ok.error();
        finished_ = true;
    }
    return std::optional(encoder_->take_output());
}

void object_encoder::restart() {
    encoder_.reset();
    at_ = 0;
    finished_ = false;
}

io::result<io::bytes> object_encoder::all() {
    io::bytes out;
    while (true) {
        auto part = next();
        if (!part) return part.error();
        if (!*part) return out;
        if (out.empty()) {
            out = std::move(**part);
        } else {
            io::append(out, **part);
        }
    }
}

}  // namespace engine
