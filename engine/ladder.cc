#include "engine/ladder.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace engine {

namespace {

// What is over in less is no reason to look: at a gigabyte a second the log grows by a hundred megabytes between two looks at the most.
constexpr io::duration look_pause = std::chrono::milliseconds(100);
constexpr io::duration refused_first = std::chrono::milliseconds(100);
constexpr unsigned most_doublings = 6;  // 0.1 to 6.4 s
constexpr io::duration disk_pause = std::chrono::seconds(3);

std::string megabytes(std::uint64_t bytes) { return fmt::format("{:.1f} MiB", static_cast<double>(bytes) / (1U << 20U)); }

}  // namespace

void ladder::on_waiting(io::instant now, bool for_memory) {
    waiting_since_ = now;
    if (for_memory) on_memory(now, true);
}

void ladder::on_memory(io::instant now, bool waits) { memory_since_ = waits ? std::optional(now) : std::nullopt; }

void ladder::on_waited() {
    waiting_since_.reset();
    memory_since_.reset();
}

std::optional<ladder::news> ladder::tell_over(std::string why) {
    if (over_) return std::nullopt;
    over_ = true;
    return news{event::what::wal_over_limit, fmt::format("the log has {}, its limit is {}: {}", megabytes(log_bytes_), megabytes(limit_), why)};
}

std::optional<ladder::news> ladder::on_log(io::instant now, std::uint64_t bytes, bool snapshot_running) {
    looked_ = now;
    log_bytes_ = bytes;
    snapshot_in_the_way_ = snapshot_running && !failing_;
    if (over_limit()) return snapshot_in_the_way_ ? tell_over("a snapshot is being made, which reads it") : std::nullopt;
    return on_calm(bytes, false);
}

std::optional<ladder::news> ladder::on_calm(std::uint64_t log_bytes, bool restarted) {
    log_bytes_ = log_bytes;
    const bool has_room = restarted && disk_low_;
    if (over_limit() || (!over_ && !has_room)) return std::nullopt;
    const std::string what = over_ ? "the log is below its limit again" : "the log could be restarted again";
    over_ = false;
    disk_low_ = disk_low_ && !restarted;
    refusals_ = 0;
    not_before_ = {};
    return news{event::what::recovered, what};
}

std::optional<ladder::news> ladder::on_spilled(std::uint64_t copied, std::uint64_t log_bytes) {
    refusals_ = 0;
    not_before_ = {};
    auto over = on_calm(log_bytes, true);
    if (over) {
        spilled_ = true;
        return over;
    }
    if (std::exchange(spilled_, true)) return std::nullopt;
    return news{event::what::spilled, fmt::format("the store is behind: {} of the log were copied to local segments", megabytes(copied))};
}

std::optional<ladder::news> ladder::on_refused(io::instant now, std::string why) {
    not_before_ = now + refused_first * (1U << std::min(refusals_, most_doublings));
    ++refusals_;
    return refusals_ < 3 || !over_limit() ? std::nullopt : tell_over(std::move(why));  // a reader that is gone at the next try is no news
}

std::optional<ladder::news> ladder::on_disk_low(io::instant now, std::string why) {
    not_before_ = now + disk_pause;
    if (std::exchange(disk_low_, true)) return std::nullopt;
    return news{event::what::disk_low, std::move(why)};
}

void ladder::on_confirmed(bool segments) {
    if (disk_low_) not_before_ = {};
    if (!segments) spilled_ = false;
}

ladder::next ladder::decide(io::instant now) const {
    if (!waiting_since_) return {};
    const io::instant look = std::max(*waiting_since_, looked_.value_or(*waiting_since_)) + look_pause;
    if (changed_ && now >= look) return {step::look, {}};
    next out;
    if (changed_) out.until = look;
    if (memory_since_ && now < *memory_since_ + look_pause) {  // then it is shown
        const io::instant shown = *memory_since_ + look_pause;
        out.until = out.until ? std::min(*out.until, shown) : shown;
    }
    if (!over_limit() || !looked_ || snapshot_in_the_way_) return out;
    if (now >= not_before_) return {step::spill, {}};
    out.until = out.until ? std::min(*out.until, not_before_) : not_before_;
    return out;
}

std::string ladder::pressure(io::instant now) const {
    std::string out;
    const auto add = [&out](const char* words) { out += (out.empty() ? "" : ", ") + std::string(words); };
    if (memory_since_ && now - *memory_since_ >= look_pause) add("waiting for memory");
    if (spilled_) add("spilling");
    if (disk_low_) add("disk limit");
    if (over_) add("log over its limit");
    return out;
}

}  // namespace engine
