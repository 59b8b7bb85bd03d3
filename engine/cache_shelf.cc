#include "engine/cache_shelf.h"

#include <vector>

namespace engine {

cache_shelf::cache_shelf(const io::environment& env, state_store& state, std::uint64_t limit) : env_(env), state_(state), limit_(limit) {
    for (const auto& [stream, row] : state_.objects()) {
        if (row.state != object_row::fate::uploaded || row.file.empty()) continue;
        copies_[{stream, row.name}] = {row.size, row.time_ms, row.file};
        bytes_ += row.size;
    }
}

void cache_shelf::forget(const std::string& stream, const object_name& name) {
    const auto at = copies_.find({stream, name});
    if (at == copies_.end()) return;
    bytes_ -= at->second.size;
    copies_.erase(at);
    state_.drop(stream, name);
}

// What has to go so that the copies fit, with an eighth to spare if that can be: so it is not decided anew for each object. Nothing if they
// cannot be made to fit.
std::vector<cache_shelf::key> cache_shelf::make_room() {
    std::vector<cached_file> files;
    for (const auto& [name, one] : copies_) files.push_back({name.first, name.second, one.size, one.time_ms, true});
    std::vector<key> out;
    std::uint64_t left = bytes_;
    for (const std::size_t place : plan_eviction(files, limit_ - limit_ / 8)) {
        left -= files[place].size;
        out.emplace_back(files[place].stream, files[place].name);
    }
    if (left > limit_) out.clear();
    return out;
}

io::task<void> cache_shelf::add(std::string stream, object_row row) {
    const key added{stream, row.name};
    const bool snapshot = ltx::is_snapshot(row.name.range);
    forget(stream, row.name);
    copies_[added] = {row.size, row.time_ms, row.file};
    bytes_ += row.size;
    state_.put(stream, row);
    std::vector<key> gone;
    if (bytes_ > limit_ && (snapshot || !full_)) gone = make_room();
    full_ = bytes_ > limit_ && gone.empty();
    if (full_) gone.push_back(added);
    std::vector<std::string> paths;
    for (const auto& [whose, name] : gone) {
        paths.push_back(io::join(state_.directory(), copies_.at({whose, name}).file));
        forget(whose, name);
    }
    const auto remove = [&] {
        for (const std::string& path : paths) (void)env_.files.remove(path);  // what cannot be removed, the stream's next start removes
    };
    if (!paths.empty()) co_await env_.elsewhere(remove);
}

}  // namespace engine
