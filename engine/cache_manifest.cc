#include "engine/cache_manifest.h"

#include <fmt/format.h>

#include <algorithm>

namespace engine {

namespace {

using fate = object_row::fate;

}  // namespace

void cache_manifest::begin_at(std::uint64_t durable, const std::vector<object_row>& rows) {
    cursor_ = durable;
    beyond_.clear();
    rows_.clear();
    for (const object_row& row : rows) {
        if (row.state == fate::failed && row.name.level == level_captures && row.name.range.max > durable) rows_[row.name] = row;
    }
}

io::result<void> cache_manifest::on_begin(const object_name& name, std::int64_t now_ms) {
    if (name.level == level_captures && name.range.min != cursor_ + 1) {
        return io::error{io::errc::gap, io::subject::general,
                         fmt::format("TXID {} is not shipped: the store has confirmed everything up to {} only", name.range.min, cursor_)};
    }
    object_row& row = rows_[name];
    row.name = name;
    if (row.state != fate::failed) row.state = fate::pending;
    if (row.time_ms == 0) row.time_ms = now_ms;
    return {};
}

void cache_manifest::on_trouble(const object_name& name, const std::string& error) {
    object_row& row = rows_.at(name);
    ++row.attempts;
    row.error = error;
}

void cache_manifest::on_refused(const object_name& name, const std::string& error, std::int64_t now_ms) {
    on_trouble(name, error);
    object_row& row = rows_.at(name);
    row.state = fate::failed;
    row.time_ms = now_ms;
}

void cache_manifest::on_saved(const object_name& name, std::string file, std::uint64_t size, std::uint64_t file_checksum) {
    object_row& row = rows_[name];
    row.name = name;
    row.file = std::move(file);
    row.size = size;
    row.file_checksum = file_checksum;
}

void cache_manifest::on_confirmed(const object_name& name, std::int64_t now_ms) {
    if (name.level == level_captures) {
        std::uint64_t& max = beyond_[name.range.min];
        max = std::max(max, name.range.max);
        walk();
    }
    const auto at = rows_.find(name);
    if (at == rows_.end()) return;
    if (at->second.file.empty()) {
        rows_.erase(at);
        return;
    }
    at->second.state = fate::uploaded;
    at->second.error.clear();
    at->second.time_ms = now_ms;
}

void cache_manifest::walk() {
    while (!beyond_.empty() && beyond_.begin()->first <= cursor_ + 1) {
        cursor_ = std::max(cursor_, beyond_.begin()->second);
        beyond_.erase(beyond_.begin());
    }
}

const object_row* cache_manifest::find(const object_name& name) const {
    const auto at = rows_.find(name);
    return at == rows_.end() ? nullptr : &at->second;
}

const object_row* cache_manifest::hole() const {
    for (const auto& [name, row] : rows_) {
        if (name.level != level_captures) break;
        if (row.state == fate::failed) return &row;
    }
    return nullptr;
}

}  // namespace engine
