#include "engine/txid_at.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "engine/restore_plan.h"

namespace engine {
namespace {

// For each TXID at which a file ends, from `first` on, the file that knows best when that was: of the lowest level, then the shortest.
std::vector<const stored_file*> ends(const std::vector<stored_file>& files, std::uint64_t first) {
    std::vector<const stored_file*> sorted;
    for (const auto& file : files) {
        if (file.range.max >= first) sorted.push_back(&file);
    }
    std::sort(sorted.begin(), sorted.end(), [](const auto* a, const auto* b) {
        if (a->range.max != b->range.max) return a->range.max < b->range.max;
        return a->level != b->level ? a->level < b->level : a->range.min > b->range.min;
    });
    const auto same_end = [](const auto* a, const auto* b) { return a->range.max == b->range.max; };
    sorted.erase(std::unique(sorted.begin(), sorted.end(), same_end), sorted.end());
    return sorted;
}

io::error no_such_time(std::int64_t wall_ms, std::string_view why, const ltx::header& nearest) {
    return {io::errc::out_of_range, io::subject::target,
            fmt::format("{} {} point, TXID {} of {}", io::format_time(wall_ms), why, nearest.max_txid, io::format_time(nearest.timestamp_ms))};
}

}  // namespace

io::task<io::result<std::uint64_t>> txid_at(const io::environment& env, const replica& where, const std::vector<stored_file>& files,
                                            std::int64_t wall_ms) {
    const auto points = restorable_points(files);
    if (points.empty()) co_return plan_restore(files, 1).error();
    // Ends that cannot be restored are searched, too: if one of them is the answer, then the plan fails, and nothing older is
    // passed off as it.
    const auto candidates = ends(files, points.front());
    auto newest = co_await where.header(*candidates.back());
    if (!newest) co_return newest.error();
    if (newest->timestamp_ms <= wall_ms) {
        if (wall_ms > env.time.wall_ms()) co_return no_such_time(wall_ms, "is in the future; there is only the newest", *newest);
        co_return newest->max_txid;
    }
    auto earliest = co_await where.header(*candidates.front());
    if (!earliest) co_return earliest.error();
    if (earliest->timestamp_ms > wall_ms) co_return no_such_time(wall_ms, "is before the earliest", *earliest);
    std::size_t at_or_before = 0;
    std::size_t after = candidates.size() - 1;
    while (after - at_or_before > 1) {
        const std::size_t middle = at_or_before + (after - at_or_before) / 2;
        auto head = co_await where.header(*candidates[middle]);
        if (!head) co_return head.error();
        (head->timestamp_ms <= wall_ms ? at_or_before : after) = middle;
    }
    co_return candidates[at_or_before]->range.max;
}

}  // namespace engine
