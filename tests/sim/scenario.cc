#include "tests/sim/scenario.h"

#include <algorithm>
#include <stdexcept>
#include <tuple>

#include "tests/sim/folder_draws.h"
#include "tests/sim/host_draws.h"
#include "tests/sim/late_draws.h"
#include "tests/sim/loss_draws.h"
#include "tests/sim/losses.h"
#include "tests/sim/network_draws.h"
#include "tests/sim/point_draws.h"
#include "tests/sim/request_draws.h"
#include "tests/sim/reshape.h"

namespace sim {

namespace {

io::duration ms(std::uint64_t count) { return std::chrono::milliseconds(count); }

}  // namespace

void unreliable_store(scenario& to, prng& dice) {
    to.store.rejected = dice.below(200'000);
    to.store.reply_lost = dice.below(100'000);
    to.store.stalled = dice.below(20'000);
}

void add_mishaps(scenario& to, prng& dice, mishap::what kind, std::uint64_t most, std::uint64_t longest_ms) {
    const std::uint64_t count = dice.below(most + 1);
    for (std::uint64_t i = 0; i < count; ++i) {
        mishap one{kind, ms(dice.below(static_cast<std::uint64_t>(to.trouble.count() / 1'000'000))), {}, 0, 0, {}};
        if (longest_ms != 0) one.lasts = ms(1 + dice.below(longest_ms));
        if (kind == mishap::what::clock_step) one.amount = static_cast<std::int64_t>(dice.below(20'000'000)) - 10'000'000;
        to.mishaps.push_back(one);
    }
}

const std::vector<std::string>& scenario_names() {
    static const std::vector<std::string> names = {"calm", "crash_loop", "power", "outage", "rot", "s3", "s3_outage", "throttled", "lagging", "points", "checkpoints", "connections", "vacuum", "pressure", "tenants", "decay", "clocks", "swarm", "canary", "split_brain", "rolling_restart", "clone", "late_puts", "losses", "requests", "reshaped", "directories", "at_points"};
    return names;
}

std::string_view words(mishap::what kind) {
    constexpr std::string_view names[] = {"kill engine", "stop engine", "freeze engine", "kill writer", "lose power", "store down", "clock step", "disk full", "disk errors", "partition", "kill at a point", "slow disk", "local rot", "sleep", "lose files"};
    return names[static_cast<int>(kind)];
}

scenario draw_scenario(const std::string& name, std::uint64_t seed) {
    const auto& names = scenario_names();
    if (std::find(names.begin(), names.end(), name) == names.end()) throw std::invalid_argument("no scenario \"" + name + "\"");
    prng dice(seed, "scenario " + name);
    scenario out;
    out.name = name;
    const std::uint64_t databases = 1 + dice.below(3);
    for (std::uint64_t i = 0; i < databases; ++i) out.applications.push_back(application_habits::draw(dice));
    out.writers = dice.chance(300) ? 2 : 1;
    out.stream.min_interval = dice.chance(500) ? io::duration{} : ms(dice.below(2000));
    out.stream.snapshot_interval = dice.chance(400) ? ms(3000 + dice.below(20'000)) : io::duration{};
    out.stream.checkpoint_bytes = (64U << 10U) << dice.below(3);
    out.stream.batch_bytes = (16U << 10U) << dice.below(6);
    out.sweep = ms(4000 + dice.below(12'000));
    out.disk.pause_rate = dice.below(80'000);
    out.disk.most_pause = std::chrono::microseconds(50 + dice.below(2000));
    out.disk.sync_time = std::chrono::microseconds(100 + dice.below(8000));
    out.store.most_latency = ms(5 + dice.below(200));
    out.events.most_delay = std::chrono::microseconds(100 + dice.below(10'000));
    out.trouble = ms(10'000 + dice.below(25'000));
    using what = mishap::what;
    const bool swarm = name == "swarm";
    const auto sometimes = [&](const char* of) { return name == of || (swarm && dice.chance(500)); };
    if (sometimes("crash_loop")) {
        add_mishaps(out, dice, what::kill_engine, 6);
        add_mishaps(out, dice, what::stop_engine, 2);
        add_mishaps(out, dice, what::kill_writer, 3);
        if (dice.chance(500)) unreliable_store(out, dice);
    }
    if (sometimes("power")) {
        add_mishaps(out, dice, what::lose_power, 4);
        add_mishaps(out, dice, what::kill_engine, 2);
    }
    if (sometimes("outage")) {
        add_mishaps(out, dice, what::store_down, 3, 15'000);
        unreliable_store(out, dice);
    }
    if (swarm) {
        if (dice.chance(300)) add_mishaps(out, dice, what::freeze_engine, 3, 10'000);
        if (dice.chance(300)) add_mishaps(out, dice, what::clock_step, 2);
        if (dice.chance(300)) out.events.most_waiting = 2 + dice.below(20);
        if (dice.chance(200)) out.events.lost_rate = dice.below(500'000);
        if (dice.chance(200)) out.store.denied = dice.below(20'000);
        if (dice.chance(200)) add_mishaps(out, dice, what::disk_full, 2, 5000);
        if (dice.chance(200)) add_mishaps(out, dice, what::disk_errors, 2, 3000);
    }
    out.directory = name != "outage" && name != "rot" && !name.starts_with("s3") && name != "throttled" && name != "lagging" && dice.chance(name == "power" ? 600 : 350);
    out.rot = name == "rot";
    out.canary = name == "canary";
    if (name.starts_with("s3")) {
        out.trouble += ms(dice.below(40'000));  // a client that waits for an answer that does not come waits long
        add_mishaps(out, dice, what::kill_engine, 2);
        add_mishaps(out, dice, what::clock_step, 1);
        if (dice.chance(80)) grow_large(out, dice);
    }
    if (name == "s3_outage") {
        add_mishaps(out, dice, what::store_down, 3, 15'000);
        add_mishaps(out, dice, what::partition, 3, 15'000);
    }
    const bool sudden = swarm || name == "crash_loop" || name == "power" || name == "rot";
    if (name.starts_with("s3") || (name == "throttled" && dice.chance(500)) || (!out.directory && sudden && dice.chance(400))) draw_network(out, dice);
    if (swarm && out.network && dice.chance(300)) add_mishaps(out, dice, what::partition, 2, 15'000);
    if (name == "lagging") {
        out.store.listing_lag = 1 + dice.below(40);
        add_mishaps(out, dice, what::kill_engine, 4);
        add_mishaps(out, dice, what::stop_engine, 2);
        if (dice.chance(500)) draw_network(out, dice);
    }
    if (name == "throttled" || (swarm && dice.chance(100))) out.store.most_per_second = 2 + dice.below(30);
    if (name == "s3" || (swarm && dice.chance(300))) draw_store_faults(out, dice);
    // So that logs are copied to segments while the store is away.
    if ((name.ends_with("outage") || swarm) && dice.chance(500)) out.stream.wal_limit = (64U << 10U) << dice.below(4);
    draw_late(out, dice);
    draw_shares(out, seed);
    if (has_several_hosts(name)) draw_hosts(out, dice);
    draw_losses(out, seed);
    draw_checkpointer(out, seed);
    draw_requests(out, seed);
    draw_reshaped(out, seed);
    draw_folders(out, seed);
    if (name == "at_points") draw_at_points(out, dice);
    prng late(seed, "late points");
    name_points(out, late);
    std::sort(out.mishaps.begin(), out.mishaps.end(), [](const auto& a, const auto& b) {
        return std::tie(a.at, a.kind, a.lasts, a.amount, a.on, a.point) < std::tie(b.at, b.kind, b.lasts, b.amount, b.on, b.point);
    });
    return out;
}

bool scenario::is_undisturbed() const {
    using what = mishap::what;
    return newcomers.empty() && !points && !flip && std::all_of(mishaps.begin(), mishaps.end(), [](const mishap& one) {
        return one.kind == what::kill_writer || one.kind == what::store_down || one.kind == what::partition || one.kind == what::clock_step;
    });
}

std::string scenario::words() const {
    std::string out = fmt::format("{}: {} databases, {} writers each, interval {} ms, snapshots {} ms, checkpoint {} K, limit {} K, batch {} K, sweep {} ms, "
                                  "{} {}/{}/{}/{} per million, {} a second, lag {}, events {}/{}, trouble for {} ms",
                                  name, applications.size(), writers, stream.min_interval.count() / 1'000'000, stream.snapshot_interval.count() / 1'000'000,
                                  stream.checkpoint_bytes >> 10U, stream.wal_limit >> 10U, stream.batch_bytes >> 10U, sweep.count() / 1'000'000,
                                  directory ? "directory" : "store", store.rejected, store.denied,
                                  store.reply_lost, store.stalled, store.most_per_second, store.listing_lag, events.most_waiting, events.lost_rate, trouble.count() / 1'000'000);
    if (points) out += ", points";
    if (asking != 0) out += fmt::format(", asked {} in 1000{}", asking, flip ? ", a page goes bad" : "");
    if (cache_bytes != 0 || disk_limit != 0) out += fmt::format(", cache {} K, disk limit {} K", cache_bytes >> 10U, disk_limit >> 10U);
    if (objects_in_flight != engine::options().objects_in_flight) out += fmt::format(", {} puts at once", objects_in_flight);
    if (network) out += network_words(*this);
    for (const auto& one : store.faults) out += fmt::format("; fault {} {} per million", static_cast<int>(one.what), one.rate);
    for (const auto& one : applications) out += "; " + one.words();
    if (lease != scenario().lease) out += fmt::format("; lease {} ms, clocks {}", lease.count() / 1'000'000, fmt::join(drifts, "/"));
    for (const auto& one : newcomers) {
        constexpr std::string_view fates[] = {"goes on", "moved", "killed", "frozen"};
        out += fmt::format("; at {} ms a {} of host {}, which is {}{}{}", one.at.count() / 1'000'000, one.clone ? "clone" : "copy", one.from + 1,
                           fates[static_cast<int>(one.origin)], one.take_over ? ", takes over" : "", one.own ? ", one of its own" : "");
        if (one.held_up.count() != 0) out += fmt::format(", a put is held up for {} ms, quiet for {} ms", one.held_up.count() / 1'000'000, one.quiet.count() / 1'000'000);
    }
    for (const auto& one : acts) out += fmt::format("; {} {} at {} s", sim::words(one.kind), places[one.place], one.at.count() / 1'000'000'000);
    for (const auto& one : mishaps) {
        const auto kind = one.kind == mishap::what::lose_files ? sim::words(static_cast<loss>(one.amount)) : sim::words(one.kind);
        out += fmt::format("; {} of host {} at {} ms for {} ms", kind, one.on + 1, one.at.count() / 1'000'000, one.lasts.count() / 1'000'000);
        if (!one.point.empty()) out += ": " + one.point;
    }
    return out;
}

}  // namespace sim
