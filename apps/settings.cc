#include "apps/settings.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "apps/quantity.h"

namespace apps {

namespace {

constexpr std::uint64_t least_checkpoint = 64U << 10U;
constexpr std::uint64_t least_batch = 4U << 10U;
constexpr std::uint64_t least_wal_limit = 64U << 10U;
constexpr std::uint64_t least_memory = 32U << 20U;
constexpr io::duration least_lease = std::chrono::milliseconds(100);
constexpr io::duration most_lease = std::chrono::hours(1);
constexpr io::duration least_sweep = std::chrono::milliseconds(100);

io::error wrong(std::string context) { return {io::errc::invalid, io::subject::usage, std::move(context)}; }

template <class T>
void keep(std::optional<T>& upper, const std::optional<T>& below) {
    if (!upper) upper = below;
}

io::result<void> set_duration(std::optional<io::duration>& into, std::string_view text, io::duration least = {}) {
    auto parsed = parse_duration(text);
    if (!parsed) return parsed.error();
    if (*parsed < least) return wrong(fmt::format("{} is too short; at least {}", text, show_duration(least)));
    into = *parsed;
    return {};
}

io::result<void> set_size(std::optional<std::uint64_t>& into, std::string_view text, std::uint64_t least) {
    auto parsed = parse_size(text);
    if (!parsed) return parsed.error();
    if (*parsed < least) return wrong(fmt::format("{} is too small; at least {}KiB", text, least >> 10U));
    into = *parsed;
    return {};
}

io::result<void> set_lease(std::optional<io::duration>& into, std::string_view text) {
    std::optional<io::duration> given;
    if (auto ok = set_duration(given, text, least_lease); !ok) return ok;
    if (*given > most_lease) return wrong(fmt::format("{} is too long; at most {}", text, show_duration(most_lease)));
    into = given;
    return {};
}

io::result<void> set_count(std::optional<std::uint64_t>& into, std::string_view text) {
    std::uint64_t count = 0;
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), count);
    if (failure != std::errc{} || end != text.data() + text.size() || count == 0) return wrong(fmt::format("\"{}\" is no number from 1 up", text));
    into = count;
    return {};
}

io::result<void> set_text(std::optional<std::string>& into, std::string_view text) {
    if (text.empty()) return wrong("must not be empty");
    into = std::string(text);
    return {};
}

io::result<void> set_flag(std::optional<bool>& into, std::string_view text) {
    if (text != "true" && text != "false") return wrong(fmt::format("\"{}\" is neither true nor false", text));
    into = text == "true";
    return {};
}

io::result<void> set_level(std::optional<io::level>& into, std::string_view text) {
    if (text == "debug") into = io::level::debug;
    else if (text == "info") into = io::level::info;
    else if (text == "warning") into = io::level::warning;
    else if (text == "error") into = io::level::error;
    else return wrong(fmt::format("\"{}\" is not a log level; write debug, info, warning or error", text));
    return {};
}

}  // namespace

const std::vector<setting_name>& stream_setting_names() {
    static const std::vector<setting_name> names = {
        {"min-interval", "at least this long between two objects of one database, the cost knob; 0: as fast as the store answers [1s]"},
        {"snapshot-interval", "a new snapshot this long after the last one; 0: only at the start of a stream and on demand [24h]"},
        {"checkpoint-size", "the log is restarted once it is this long and everything in it is in the store; at least 64KiB [4MiB]"},
        {"batch-size", "one object carries at most about this much of the log; at least 4KiB [64MiB]"},
        {"wal-limit", "while the store is behind, the log is copied to the state directory and restarted once it is this long; at least 64KiB [64MiB]"},
    };
    return names;
}

const std::vector<setting_name>& general_setting_names() {
    static const std::vector<setting_name> names = {
        {"to", "the store: a directory, as a path or file:///path, or s3://bucket/prefix"},
        {"state", "directory for state.db and what belongs to it [$FLOTILLA_STATE, /var/lib/flotilla for root, else ~/.local/state/flotilla]"},
        {"log-level", "debug, info, warning or error, on standard error [info]"},
        {"sweep-interval", "everything is looked at this often in case an event was missed; at least 100ms [2m]"},
        {"drain-limit", "after SIGTERM: how long what was captured may take to reach the store [30s]"},
        {"memory", "what waits for the store may take this much memory in all; at least 32MiB [256MiB]"},
        {"objects-in-flight", "so many objects are put at once [32]"},
        {"disk-limit", "copies of logs and cached objects take at most this much in all; 0: no limit [0]"},
        {"disk-reserve", "and leave this much of its disk free; logs grow instead [256MiB]"},
        {"cache", "copies of shipped objects that are kept in the state directory, at most this much of all streams; 0: none [0]"},
        {"lease", "an engine that does not show itself this long may be taken over by another; from 100ms to 1h [60s]"},
        {"take-over", "take streams over at once that another engine owns: it stops"},
        {"unsafe-no-conditional-put", "follow even if the store ignores If-None-Match: two writers of a stream may then overwrite each other unseen"},
    };
    return names;
}

unit unit_of(std::string_view name) {
    if (name == "unsafe-no-conditional-put" || name == "take-over") return unit::truth;
    if (name == "objects-in-flight") return unit::count;
    if (name == "memory" || name == "cache" || name == "wal-limit" || name.starts_with("disk-") || name.ends_with("-size")) return unit::size;
    if (name == "lease" || name.ends_with("-interval") || name.ends_with("-limit")) return unit::time;
    return unit::text;
}

settings settings::over(const settings& below) const {
    settings out = *this;
    keep(out.to, below.to);
    keep(out.state, below.state);
    keep(out.log_level, below.log_level);
    keep(out.sweep_interval, below.sweep_interval);
    keep(out.drain_limit, below.drain_limit);
    keep(out.unsafe_no_conditional_put, below.unsafe_no_conditional_put);
    keep(out.memory_bytes, below.memory_bytes);
    keep(out.objects_in_flight, below.objects_in_flight);
    keep(out.disk_limit, below.disk_limit);
    keep(out.disk_reserve, below.disk_reserve);
    keep(out.cache_bytes, below.cache_bytes);
    keep(out.lease, below.lease);
    keep(out.take_over, below.take_over);
    out.streams = merge(streams, below.streams);
    return out;
}

engine::stream_changes merge(const engine::stream_changes& upper, const engine::stream_changes& below) {
    engine::stream_changes out = upper;
    keep(out.min_interval, below.min_interval);
    keep(out.snapshot_interval, below.snapshot_interval);
    keep(out.checkpoint_bytes, below.checkpoint_bytes);
    keep(out.batch_bytes, below.batch_bytes);
    keep(out.wal_limit, below.wal_limit);
    return out;
}

io::result<void> set(engine::stream_changes& into, std::string_view name, std::string_view text) {
    if (name == "min-interval") return set_duration(into.min_interval, text);
    if (name == "snapshot-interval") return set_duration(into.snapshot_interval, text);
    if (name == "checkpoint-size") return set_size(into.checkpoint_bytes, text, least_checkpoint);
    if (name == "batch-size") return set_size(into.batch_bytes, text, least_batch);
    if (name == "wal-limit") return set_size(into.wal_limit, text, least_wal_limit);
    return wrong(fmt::format("there is no setting \"{}\" of a database", name));
}

io::result<void> set(settings& into, std::string_view name, std::string_view text) {
    if (name == "to") return set_text(into.to, text);
    if (name == "state") return set_text(into.state, text);
    if (name == "log-level") return set_level(into.log_level, text);
    if (name == "sweep-interval") return set_duration(into.sweep_interval, text, least_sweep);
    if (name == "drain-limit") return set_duration(into.drain_limit, text);
    if (name == "memory") return set_size(into.memory_bytes, text, least_memory);
    if (name == "objects-in-flight") return set_count(into.objects_in_flight, text);
    if (name == "disk-limit") return set_size(into.disk_limit, text, 0);
    if (name == "disk-reserve") return set_size(into.disk_reserve, text, 0);
    if (name == "cache") return set_size(into.cache_bytes, text, 0);
    if (name == "lease") return set_lease(into.lease, text);
    if (name == "take-over") return set_flag(into.take_over, text);
    if (name == "unsafe-no-conditional-put") return set_flag(into.unsafe_no_conditional_put, text);
    return set(into.streams, name, text);
}

}  // namespace apps
