// What happens in a run, as data drawn from a seed: how everybody behaves, and when something breaks.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/options.h"
#include "tests/sim/application.h"
#include "tests/sim/connection.h"
#include "tests/sim/s3_habits.h"
#include "tests/sim/store.h"

namespace sim {

// Something that happens to the world at a time.
struct mishap {
    enum class what { kill_engine, stop_engine, freeze_engine, kill_writer, lose_power, store_down, clock_step, disk_full, disk_errors, partition, kill_at_point, disk_slow, rot_local, sleep, lose_files };
    what kind = what::kill_engine;
    io::duration at{};        // from the beginning of the run
    io::duration lasts{};     // freeze, down, full, errors, partition, slow, sleep
    std::int64_t amount = 0;  // clock_step: ms; lose_files: which (losses.h)
    std::size_t on = 0;       // which host, if there is one by then
    std::string point{};      // kill_at_point: at this one, whenever and on whichever host an engine comes there; empty: at one of the next
};

// A further host: at some time it gets what an earlier one has, and an engine of its own.
struct newcomer {
    // What becomes of the host that it is made from.
    enum class fate {
        goes_on,  // there are two now, and applications write to both
        moved,    // its applications and then its engine end in order before
        killed,   // they are killed
        frozen,   // the engine is; it wakes up later, and goes on
    };
    io::duration at{};  // from the beginning of the run
    std::size_t from = 0;
    fate origin = fate::goes_on;
    bool clone = false;      // the whole disk, its state directory included; else the databases
    bool take_over = false;  // its engine is always started so
    bool own = false;        // it has a database of its own, too
    io::duration quiet{};    // so long its applications write nothing
    io::duration held_up{};  // the first object that is sent from there after that arrives so much later
};

// What applications do with databases in a watched directory.
struct folder_act {
    enum class what { create, write, remove, replace, rename, clash, remove_folder, abandon };
    what kind = what::create;
    io::duration at{};      // from the beginning of the run
    std::size_t place = 0;  // folder_draws.h
};

struct scenario {
    std::string name;
    std::vector<application_habits> applications;
    std::uint64_t writers = 1;  // processes a database
    engine::stream_options stream;
    io::duration sweep = std::chrono::seconds(10);
    disk_habits disk;
    store_habits store;
    watcher_habits events;
    std::vector<mishap> mishaps;  // by time
    io::duration trouble = std::chrono::seconds(30);  // so long everything may go wrong; then all faults end
    bool network = false;         // the object store is reached by HTTP, as the real one is
    network_habits wires;
    s3_habits http;
    bool large = false;           // the database comes to 10 MB or more
    io::duration patience = std::chrono::seconds(10);  // of the engine's client, for a call with all its attempts
    bool directory = false;       // the store is a directory on the same disk (io::directory_store), not an object store
    std::uint64_t flush_rate = 300;  // in 1,000, every second: somebody asks for a commit barrier
    bool rot = false;             // at the end a bit of what is stored flips
    std::uint64_t cache_bytes = 0;  // of the engine's options, and
    std::uint64_t disk_limit = 0;
    std::size_t objects_in_flight = engine::options().objects_in_flight;
    bool points = false;          // the product does at its named points what it seldom does
    std::vector<newcomer> newcomers;           // by time
    std::vector<std::int64_t> drifts;          // of the hosts' clocks, in parts per million; none for those beyond
    io::duration lease = std::chrono::seconds(60);
    std::uint64_t asking = 0;     // in 1,000, five times a second: another process asks the engine for something
    bool flip = false;            // when all is over, a page of a database goes bad on its disk
    bool folders = false;         // whole directories are watched: a run of its own (folders.h), with
    std::vector<folder_act> acts;  // by time
    bool canary = false;          // a commit that the model does not know: the run must fail

    // One line: what was drawn.
    std::string words() const;
    // Neither the engine nor its disk come to any harm, so its streams never lose continuity: the log is pinned all the time.
    bool is_undisturbed() const;
};

// calm, crash_loop, power, outage, rot, s3, s3_outage, throttled, lagging, points, checkpoints, connections, vacuum, pressure, tenants, decay, clocks, swarm, canary, split_brain, rolling_restart, clone, late_puts, losses, requests, reshaped, directories, at_points.
const std::vector<std::string>& scenario_names();
// usage error (std::invalid_argument) for another name.
scenario draw_scenario(const std::string& name, std::uint64_t seed);
// Up to `most` of a kind, at any time of the run, each for up to `longest_ms`; 0: they have no end.
void add_mishaps(scenario& to, prng& dice, mishap::what kind, std::uint64_t most, std::uint64_t longest_ms = 0);
// Refuses, loses replies, stalls.
void unreliable_store(scenario& to, prng& dice);
std::string_view words(mishap::what kind);

}  // namespace sim
