#include "engine/restore_plan.h"

#include <fmt/format.h>

#include <algorithm>

namespace engine {
namespace {

io::error at_target(std::string context) { return {io::errc::out_of_range, io::subject::target, std::move(context)}; }
io::error missing(std::string context) { return {io::errc::gap, io::subject::integrity, std::move(context)}; }

bool follows(const stored_file& file, std::uint64_t reached) { return file.range.min - 1 <= reached; }

// Why `txid`, which lies after the earliest point, is not one of them.
io::error why_not(const std::vector<stored_file>& files, const std::vector<std::uint64_t>& points, std::uint64_t txid) {
    const auto above = std::upper_bound(points.begin(), points.end(), txid);
    const std::uint64_t below = *std::prev(above);
    std::uint64_t next_min = UINT64_MAX;
    std::uint64_t newest = 0;
    for (const auto& file : files) {
        newest = std::max(newest, file.range.max);
        if (file.range.max <= below) continue;
        if (file.range.max > txid && follows(file, below)) {
            return at_target(fmt::format("TXID {} cannot be restored: no file ends there; the nearest points are TXID {} and TXID {}", txid, below, *above));
        }
        next_min = std::min(next_min, file.range.min);
    }
    if (txid > newest) return at_target(fmt::format("TXID {} is not there: the newest point is TXID {}", txid, below));
    return missing(fmt::format("TXID {} cannot be restored: TXIDs {} to {} are missing; the nearest point before is TXID {}", txid, below + 1,
                               next_min - 1, below));
}

std::vector<stored_file> cover(const std::vector<stored_file>& files, std::uint64_t txid) {
    std::vector<const stored_file*> by_min;
    const stored_file* base = nullptr;
    for (const auto& file : files) {
        if (file.range.max > txid) continue;
        if (!ltx::is_snapshot(file.range)) by_min.push_back(&file);
        else if (base == nullptr || file.range.max > base->range.max) base = &file;
    }
    std::sort(by_min.begin(), by_min.end(), [](const auto* a, const auto* b) {
        return a->range.min != b->range.min ? a->range.min < b->range.min : a->level < b->level;
    });
    std::vector<stored_file> plan{*base};
    const stored_file* best = nullptr;
    auto next = by_min.begin();
    while (plan.back().range.max < txid) {
        // Of those that reach equally far the one that starts last: it is smaller, and what it starts from can be checked.
        for (; next != by_min.end() && follows(**next, plan.back().range.max); ++next) {
            const bool further = best == nullptr || (*next)->range.max > best->range.max;
            if (further || ((*next)->range.max == best->range.max && (*next)->range.min > best->range.min)) best = *next;
        }
        plan.push_back(*best);
    }
    return plan;
}

}  // namespace

std::vector<std::uint64_t> restorable_points(const std::vector<stored_file>& files) {
    std::vector<const stored_file*> by_max;
    by_max.reserve(files.size());
    for (const auto& file : files) by_max.push_back(&file);
    std::sort(by_max.begin(), by_max.end(), [](const auto* a, const auto* b) { return a->range.max < b->range.max; });
    // Whatever follows an older point and ends later also follows the newest point before that end: one point is enough to know.
    std::vector<std::uint64_t> points;
    for (const auto* file : by_max) {
        const std::uint64_t end = file->range.max;
        if (!points.empty() && points.back() == end) continue;
        if (points.empty() ? ltx::is_snapshot(file->range) : follows(*file, points.back())) points.push_back(end);
    }
    return points;
}

io::result<std::uint64_t> newest_txid(const std::vector<stored_file>& files) {
    std::uint64_t newest = 0;
    for (const auto& file : files) newest = std::max(newest, file.range.max);
    if (newest == 0) return io::error{io::errc::not_found, io::subject::integrity, "nothing is stored under this name"};
    return newest;
}

io::result<std::vector<stored_file>> plan_restore(const std::vector<stored_file>& files, std::uint64_t txid) {
    if (auto any = newest_txid(files); !any) return any.error();
    const auto points = restorable_points(files);
    if (points.empty()) return missing("nothing can be restored: no file starts at TXID 1");
    if (txid < points.front()) return at_target(fmt::format("TXID {} is too early: the earliest point is TXID {}", txid, points.front()));
    if (!std::binary_search(points.begin(), points.end(), txid)) return why_not(files, points, txid);
    return cover(files, txid);
}

}  // namespace engine
