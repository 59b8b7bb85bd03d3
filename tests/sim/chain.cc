#include "tests/sim/chain.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <tuple>

namespace sim {

namespace {

std::uint64_t number(io::byte_view from, std::size_t offset, std::size_t bytes) {
    std::uint64_t out = 0;
    for (std::size_t i = 0; i < bytes; ++i) out = (out << 8U) | from[offset + i];
    return out;
}

bool says(io::byte_view from, std::size_t offset, std::string_view word) {
    return std::equal(word.begin(), word.end(), from.begin() + static_cast<std::ptrdiff_t>(offset));
}

}  // namespace

std::optional<claim> read_claim(const stored_object& object) {
    constexpr std::size_t header_bytes = 100;
    if (object.data.size() <= header_bytes || !says(object.data, 0, "LTX1") || !says(object.data, 80, "FLTS")) return std::nullopt;
    claim out;
    out.level = object.level;
    out.page_size = static_cast<std::uint32_t>(number(object.data, 8, 4));
    out.min = number(object.data, 16, 8);
    out.max = number(object.data, 24, 8);
    out.timestamp_ms = static_cast<std::int64_t>(number(object.data, 32, 8));
    out.node = number(object.data, 72, 8);
    out.pre = number(object.data, 84, 8);
    out.post = number(object.data, 92, 8);
    if (object.file != fmt::format("{:016x}-{:016x}.ltx", out.min, out.max)) return std::nullopt;
    return out;
}

chain::chain(const std::vector<stored_object>& objects) {
    for (const auto& one : objects) {
        const auto read = read_claim(one);
        if (!read && strange_.empty()) strange_ = fmt::format("{} on level {} is not what it is called", one.file, one.level);
        if (read) all_.push_back(*read);
    }
    std::sort(all_.begin(), all_.end(), [](const claim& a, const claim& b) { return std::tuple(a.max, a.level, a.min) < std::tuple(b.max, b.level, b.min); });
    for (const auto& one : all_) ends_.emplace(one.max, one);
}

std::string chain::broken(bool set) const {
    if (!strange_.empty()) return strange_;
    std::uint64_t node = 0;
    std::int64_t time = 0;
    std::uint64_t before = 0;
    for (const auto& [txid, one] : ends_) {
        if (before != 0 && txid != before + 1) return fmt::format("TXID {} follows TXID {}", txid, before);
        if (one.node < node) return fmt::format("TXID {} is of epoch {:016x}, after one of {:016x}", txid, one.node, node);
        if (one.timestamp_ms < time && !set) return fmt::format("TXID {} was made before TXID {}", txid, before);
        before = txid;
        node = one.node;
        time = one.timestamp_ms;
    }
    for (const auto& one : all_) {
        const claim& end = ends_.at(one.max);
        if (one.post != end.post || one.page_size != end.page_size) return fmt::format("two objects end at TXID {} with different states", one.max);
        if (one.min == 1) continue;
        const auto base = ends_.find(one.min - 1);
        if (base == ends_.end()) return fmt::format("TXID {} follows nothing", one.min);
        if (base->second.post != one.pre) return fmt::format("TXID {} does not begin with the state of TXID {}", one.min, one.min - 1);
    }
    return {};
}

std::vector<std::uint64_t> chain::points_at(std::int64_t wall_ms) const {
    const auto is_whole = [this](const auto& end) {
        return std::any_of(all_.begin(), all_.end(), [&](const claim& each) { return each.min == 1 && each.max == end.first; });
    };
    const auto first = std::find_if(ends_.begin(), ends_.end(), is_whole);  // nothing before it can be restored
    if (first == ends_.end() || newest_ms() <= wall_ms) return first == ends_.end() ? std::vector<std::uint64_t>{} : std::vector{newest()};
    std::vector<std::uint64_t> out;
    if (first->second.timestamp_ms > wall_ms) return out;
    for (auto at = first; std::next(at) != ends_.end(); ++at) {
        if (at->second.timestamp_ms <= wall_ms && std::next(at)->second.timestamp_ms > wall_ms) out.push_back(at->first);
    }
    return out;
}

std::optional<std::int64_t> chain::time_of(std::uint64_t txid) const {
    const auto at = ends_.find(txid);
    return at == ends_.end() ? std::nullopt : std::optional(at->second.timestamp_ms);
}

std::optional<std::uint64_t> chain::checksum_of(std::uint64_t txid) const {
    const auto at = ends_.find(txid);
    return at == ends_.end() ? std::nullopt : std::optional(at->second.post);
}

bool chain::has_snapshot(std::uint64_t txid) const {
    return std::any_of(all_.begin(), all_.end(), [txid](const claim& one) { return one.min == 1 && one.max == txid; });
}

bool chain::has(unsigned level, std::uint64_t min, std::uint64_t max) const {
    return std::any_of(all_.begin(), all_.end(), [&](const claim& one) { return one.level == level && one.min == min && one.max == max; });
}

std::uint64_t chain::reshaped() const {
    std::uint64_t out = 0;
    std::uint32_t before = 0;
    for (const auto& [txid, one] : ends_) {
        out += before != 0 && one.page_size != before;
        before = one.page_size;
    }
    return out;
}

}  // namespace sim
