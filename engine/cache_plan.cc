#include "engine/cache_plan.h"

#include <algorithm>
#include <map>
#include <tuple>

namespace engine {

std::vector<std::size_t> plan_eviction(std::span<const cached_file> files, std::uint64_t limit) {
    std::map<std::string, std::uint64_t> newest_snapshot;
    std::uint64_t total = 0;
    for (const cached_file& file : files) {
        total += file.size;
        if (!file.durable || !ltx::is_snapshot(file.name.range)) continue;
        std::uint64_t& newest = newest_snapshot[file.stream];
        newest = std::max(newest, file.name.range.max);
    }
    if (total <= limit) return {};
    const auto may_go = [&](const cached_file& file) {
        if (!file.durable) return false;
        const auto newest = newest_snapshot.find(file.stream);
        if (newest == newest_snapshot.end()) return true;
        const std::uint64_t end = file.name.range.max;
        return end < newest->second || (end == newest->second && !ltx::is_snapshot(file.name.range));
    };
    std::vector<std::size_t> out;
    for (std::size_t i = 0; i < files.size(); ++i) {
        if (may_go(files[i])) out.push_back(i);
    }
    std::sort(out.begin(), out.end(), [&](std::size_t a, std::size_t b) {
        const cached_file& x = files[a];
        const cached_file& y = files[b];
        return std::tie(x.time_ms, x.name.range.max, x.stream, a) < std::tie(y.time_ms, y.name.range.max, y.stream, b);
    });
    std::size_t count = 0;
    for (; count < out.size() && total > limit; ++count) total -= files[out[count]].size;
    out.resize(count);
    return out;
}

}  // namespace engine
