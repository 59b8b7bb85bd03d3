// Settings of the engine. Every one is obeyed or refused; what zero means stands beside it.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "io/clock.h"

namespace engine {

struct stream_options {
    // At least this long between two objects of one database: the cost knob. 0: as fast as the store answers.
    io::duration min_interval = std::chrono::seconds(1);
    // A new snapshot that long after the last one, if anything was committed since. 0: only at the start of a stream and on demand.
    io::duration snapshot_interval = std::chrono::hours(24);
    // The log is handed to its next generation once it is this long (bytes) and everything in it is durable. At least 64 KiB.
    std::uint64_t checkpoint_bytes = 4U << 20U;
    // One object carries at most about this much of the log (bytes), at a commit's boundary; a larger transaction is one object.
    std::uint64_t batch_bytes = 64U << 20U;
    // While the store is behind, the log is copied to local segments and restarted once it is this long (bytes), or checkpoint_bytes if that
    // is more. Not 0.
    std::uint64_t wal_limit = 64U << 20U;

    friend bool operator==(const stream_options&, const stream_options&) = default;
};

// Settings that replace some of others.
struct stream_changes {
    std::optional<io::duration> min_interval;
    std::optional<io::duration> snapshot_interval;
    std::optional<std::uint64_t> checkpoint_bytes;
    std::optional<std::uint64_t> batch_bytes;
    std::optional<std::uint64_t> wal_limit;

    // `base` with what is set here in its place.
    [[nodiscard]] stream_options over(stream_options base) const {
        base.min_interval = min_interval.value_or(base.min_interval);
        base.snapshot_interval = snapshot_interval.value_or(base.snapshot_interval);
        base.checkpoint_bytes = checkpoint_bytes.value_or(base.checkpoint_bytes);
        base.batch_bytes = batch_bytes.value_or(base.batch_bytes);
        base.wal_limit = wal_limit.value_or(base.wal_limit);
        return base;
    }
};

// What to watch: a database file, or every database below a directory, those that appear later included.
struct target {
    enum class what { file, directory };
    what kind = what::file;
    std::string name;  // stream name of a file; prefix of the names in a directory, empty for none
    std::string path;
    stream_options settings;
};

// The shortest and the longest lease that is accepted.
inline constexpr io::duration least_lease = std::chrono::milliseconds(100);
inline constexpr io::duration most_lease = std::chrono::hours(1);

struct options {
    std::vector<target> targets;
    // What single streams have other than their target's settings, by stream name.
    std::map<std::string, stream_changes> overrides;
    // What all streams together may hold in memory of the objects they ship (bytes): see engine/budgets.h. At least 32 MiB.
    std::uint64_t memory_bytes = 256U << 20U;
    // Objects that are put into the store at once. At least 1.
    std::size_t objects_in_flight = 32;
    // What all streams have on local disk, segments and the cache, takes at most so many bytes. 0: no limit.
    std::uint64_t disk_limit = 0;
    // And leaves so many bytes of the state directory's disk free. Where a segment would break either limit, copies of shipped objects go first,
    // then logs grow instead. 0: nothing is left.
    std::uint64_t disk_reserve = 256U << 20U;
    // Copies of shipped objects of all streams that are kept on local disk, in bytes. 0: none; then only an object that the store refused is.
    std::uint64_t cache_bytes = 0;
    // state.db, page sums, segments, requests. Created if absent. One engine at a time per directory and store.
    std::string state_directory;
    // Directories that are not searched for databases, beside state_directory: a store that lies in a watched directory.
    std::vector<std::string> excluded;
    // Where "who watches this database" is written down, the same for every engine on this host.
    std::string lock_directory;
    // Words for whoever finds the lock taken: "flotilla watch --to file:///backup, pid 17".
    std::string who;
    // The name of this host, for the same on another one.
    std::string host;
    // Directories are swept, and databases looked at, this often, in case an event was missed.
    io::duration sweep_interval = std::chrono::minutes(2);
    // What is remembered of a stream here is removed once its database has been missing for so long and nothing of it waits for the store. 0: never.
    io::duration forget_after = std::chrono::hours(30 * 24);
    // After stop(): how long what was captured may take to become durable.
    io::duration drain_limit = std::chrono::seconds(30);
    // The streams of an engine that has not shown itself in the store for this long may be taken over by another one; an engine that could
    // not show itself for this long looks, before it ships, whether that has happened. From 100 ms to one hour. Each third of it the engine
    // reads and writes one small object, however many streams there are.
    io::duration lease = std::chrono::seconds(60);
    // Streams that another engine owns are taken over at once, though it may be alive and this copy be behind: it stops.
    bool take_over = false;
};

}  // namespace engine
