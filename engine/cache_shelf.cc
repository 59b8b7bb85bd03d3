#include "engine/cache_shelf.h"

#include <algorithm>

#include "io/buggify.h"

namespace engine {

cache_shelf::cache_shelf(const io::environment& env, state_store& state, const options& settings, const budgets& shares)
    : env_(env), state_(state), settings_(settings), shares_(shares) {
    for (const auto& [stream, row] : state_.objects()) {
        if (row.state != object_row::fate::uploaded || row.file.empty()) continue;
        copies_[{stream, row.name}] = {row.size, row.time_ms, row.file};
        bytes_ += row.size;
    }
}

std::uint64_t cache_shelf::limit() const {
    if (settings_.disk_limit == 0) return settings_.cache_bytes;
    return std::min(settings_.cache_bytes, settings_.disk_limit - std::min(settings_.disk_limit, shares_.on_disk));
}

// Of what must stay: a snapshot would let some of it go.
bool cache_shelf::is_full(const object_name& added) const { return full_at_ && limit() <= *full_at_ && !ltx::is_snapshot(added.range); }

std::uint64_t cache_shelf::room(const object_name& name) const { return is_full(name) ? 0 : limit(); }

void cache_shelf::forget(const std::string& stream, const object_name& name) {
    const auto at = copies_.find({stream, name});
    if (at == copies_.end()) return;
    bytes_ -= at->second.size;
    copies_.erase(at);
    state_.drop(stream, name);
}

// What has to go so that the rest has at most `wanted` bytes, if that can be. Nothing if it would have more than `most`.
std::vector<cache_shelf::key> cache_shelf::choose(std::uint64_t wanted, std::uint64_t most) const {
    std::vector<cached_file> files;
    for (const auto& [name, one] : copies_) files.push_back({name.first, name.second, one.size, one.time_ms, true});
    std::vector<key> out;
    std::uint64_t left = bytes_;
    for (const std::size_t place : plan_eviction(files, wanted)) {
        left -= files[place].size;
        out.emplace_back(files[place].stream, files[place].name);
    }
    if (left > most) out.clear();
    return out;
}

io::task<void> cache_shelf::remove(std::vector<key> gone) {
    std::vector<std::string> paths;
    for (const auto& [whose, name] : gone) {
        paths.push_back(io::join(state_.directory(), copies_.at({whose, name}).file));
        forget(whose, name);
    }
    const auto work = [&] {
        for (const std::string& path : paths) (void)env_.files.remove(path);  // what cannot be removed, the stream's next start removes
    };
    if (!paths.empty()) co_await env_.elsewhere(work);
}

io::task<void> cache_shelf::add(std::string stream, object_row row) {
    const key added{stream, row.name};
    const std::uint64_t most = limit();
    const bool look = !is_full(row.name);
    forget(stream, row.name);
    copies_[added] = {row.size, row.time_ms, row.file};
    bytes_ += row.size;
    state_.put(stream, row);
    std::vector<key> gone;
    // With an eighth to spare, so that it is not decided anew for each object.
    if (bytes_ > most && look) gone = choose(io::buggify("cache.evict_all") ? 0 : most - most / 8, most);
    full_at_ = bytes_ > most && gone.empty() ? std::optional(most) : std::nullopt;
    if (!gone.empty()) io::reached("cache.evicted");
    if (full_at_) io::reached("cache.full");
    if (full_at_) gone.push_back(added);
    co_await remove(std::move(gone));
}

io::task<bool> cache_shelf::give(std::uint64_t bytes) {
    if (bytes > bytes_) co_return false;
    auto gone = choose(bytes_ - bytes, bytes_ - bytes);
    const bool enough = bytes == 0 || !gone.empty();
    if (enough) io::reached("cache.gave_room");
    co_await remove(std::move(gone));
    co_return enough;
}

}  // namespace engine
