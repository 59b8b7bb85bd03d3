#include "tests/sim/point_draws.h"

#include <algorithm>

#include "tests/sim/host_draws.h"
#include "tests/sim/network_draws.h"

namespace sim {

namespace {

io::duration ms(std::uint64_t count) { return std::chrono::milliseconds(count); }

// The log grows, is copied to segments while the store is away, and handed off.
void long_logs(scenario& to, prng& dice) {
    to.stream.wal_limit = (64U << 10U) << dice.below(2);
    to.stream.checkpoint_bytes = 64U << 10U;
    for (auto& one : to.applications) one.most_pause = std::min<io::duration>(one.most_pause, ms(200));
    add_mishaps(to, dice, mishap::what::store_down, 3, 8000);
    to.stream.snapshot_interval = ms(3000 + dice.below(5000));
}

void on_a_directory(scenario& to, prng&) { to.directory = true; }

// Objects that are refused for good now and then, kept, and sent again.
void refusals(scenario& to, prng& dice) {
    long_logs(to, dice);
    to.cache_bytes = 1U << 20U;
    to.store.denied = 20'000 + dice.below(60'000);
}

// An image is on its way while the log grows.
void stuck_images(scenario& to, prng& dice) {
    long_logs(to, dice);
    to.store.faults.push_back({store_fault::slow_down, 800'000, request_kind::create});
}

// Large objects go by HTTP, in parts.
void uploads(scenario& to, prng& dice) {
    grow_large(to, dice);
    to.trouble += ms(20'000);
    draw_network(to, dice);
}

struct situation {
    void (*make)(scenario&, prng&);
    std::vector<std::string_view> points;  // that an engine comes to there, and seldom elsewhere
};

const std::vector<situation>& situations() {
    static const std::vector<situation> all = {
        {long_logs, {"attach.held", "attach.sent", "handoff.saved", "segment.begun", "segment.written", "segment.synced", "segment.ended"}},
        {long_logs, {"handoff.restarted", "pin.released", "pin.restarted", "segment.sealed", "segment.durable", "segment.removed", "snapshot.begun", "snapshot.shipped"}},
        {on_a_directory, {"directory.written", "directory.published", "file.written", "file.renamed"}},
        {refusals, {"cache.written", "cache.renamed", "object.refused", "object.accepted", "attach.resent"}},
        {stuck_images, {"image.kept"}},
        {uploads, {"put.sent", "upload.created", "upload.sent", "upload.claimed", "upload.completed"}},
        {add_hosts, {"owner.claimed", "owner.fenced"}},
    };
    return all;
}

// Those that an engine comes to everywhere, and then all others.
constexpr std::size_t usual = 11;
const std::vector<std::string_view>& all_points() {
    static const std::vector<std::string_view> all = [] {
        std::vector<std::string_view> out = {"attach.pinned", "attach.shipped", "attach.done", "capture.taken", "ship.done",     "confirm.summed",
                                             "confirm.told",  "sums.torn",      "sums.reset",  "state.written", "state.committed"};
        for (const auto& each : situations()) out.insert(out.end(), each.points.begin(), each.points.end());
        return out;
    }();
    return all;
}

}  // namespace

void draw_at_points(scenario& to, prng& dice) {
    to.directory = false;
    to.trouble += ms(15'000);
    const situation& here = situations()[dice.below(situations().size())];
    here.make(to, dice);
    std::vector<std::string_view> chosen = here.points;
    for (int i = 0; i < 4; ++i) chosen.push_back(all_points()[dice.below(usual)]);
    // All of them early: each waits for an engine to come there.
    const auto half_ms = static_cast<std::uint64_t>(to.trouble.count() / 2'000'000);
    for (const auto& each : chosen) to.mishaps.push_back({mishap::what::kill_at_point, ms(dice.below(half_ms)), {}, 0, 0, std::string(each)});
}

void name_points(scenario& to, prng& dice) {
    for (auto& one : to.mishaps) {
        if (one.kind == mishap::what::kill_at_point && one.point.empty() && dice.chance(500)) one.point = all_points()[dice.below(all_points().size())];
    }
}

}  // namespace sim
