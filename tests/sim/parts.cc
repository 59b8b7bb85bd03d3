#include "tests/sim/parts.h"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

namespace sim {

namespace {

// A habit: whether a scenario has it, and how it is given up.
struct habit {
    const char* name;
    bool (*has)(const scenario&);
    void (*give_up)(scenario&);
};

bool some(const scenario& of, std::uint64_t application_habits::* rate) {
    return std::any_of(of.applications.begin(), of.applications.end(), [rate](const auto& one) { return one.*rate != 0; });
}

void none(scenario& of, std::uint64_t application_habits::* rate) {
    for (auto& one : of.applications) one.*rate = 0;
}

constexpr habit habits[] = {
    {"second-writers", [](const scenario& s) { return s.writers > 1; }, [](scenario& s) { s.writers = 1; }},
    {"rollbacks", [](const scenario& s) { return some(s, &application_habits::rollback_rate); }, [](scenario& s) { none(s, &application_habits::rollback_rate); }},
    {"checkpoints", [](const scenario& s) { return some(s, &application_habits::checkpoint_rate); }, [](scenario& s) { none(s, &application_habits::checkpoint_rate); }},
    {"reopening", [](const scenario& s) { return some(s, &application_habits::reopen_rate); }, [](scenario& s) { none(s, &application_habits::reopen_rate); }},
    {"vacuum", [](const scenario& s) { return some(s, &application_habits::vacuum_rate); }, [](scenario& s) { none(s, &application_habits::vacuum_rate); }},
    {"checkpointers", [](const scenario& s) { return std::ranges::any_of(s.applications, [](const auto& one) { return one.checkpointer_pause.count() != 0; }); },
     [](scenario& s) { for (auto& one : s.applications) one.checkpointer_pause = {}; }},
    {"reshaping", [](const scenario& s) { return some(s, &application_habits::reshape_rate); }, [](scenario& s) { none(s, &application_habits::reshape_rate); }},
    {"flushes", [](const scenario& s) { return s.flush_rate != 0; }, [](scenario& s) { s.flush_rate = 0; }},
    {"snapshots", [](const scenario& s) { return s.stream.snapshot_interval.count() != 0; }, [](scenario& s) { s.stream.snapshot_interval = {}; }},
    {"interval", [](const scenario& s) { return s.stream.min_interval.count() != 0; }, [](scenario& s) { s.stream.min_interval = {}; }},
    {"disk-pauses", [](const scenario& s) { return s.disk.pause_rate != 0; }, [](scenario& s) { s.disk.pause_rate = 0; }},
    {"store-rejects", [](const scenario& s) { return s.store.rejected != 0; }, [](scenario& s) { s.store.rejected = 0; }},
    {"store-denies", [](const scenario& s) { return s.store.denied != 0; }, [](scenario& s) { s.store.denied = 0; }},
    {"store-loses-replies", [](const scenario& s) { return s.store.reply_lost != 0; }, [](scenario& s) { s.store.reply_lost = 0; }},
    {"store-stalls", [](const scenario& s) { return s.store.stalled != 0; }, [](scenario& s) { s.store.stalled = 0; }},
    {"store-faults", [](const scenario& s) { return !s.store.faults.empty(); }, [](scenario& s) { s.store.faults.clear(); }},
    {"throttle", [](const scenario& s) { return s.store.most_per_second != 0; }, [](scenario& s) { s.store.most_per_second = 0; }},
    {"listing-lag", [](const scenario& s) { return s.store.listing_lag != 0; }, [](scenario& s) { s.store.listing_lag = 0; }},
    {"network", [](const scenario& s) { return s.network; }, [](scenario& s) { s.network = false; }},
    {"wire-resets", [](const scenario& s) { return s.wires.reset != 0; }, [](scenario& s) { s.wires.reset = 0; }},
    {"wire-silence", [](const scenario& s) { return s.wires.silent != 0; }, [](scenario& s) { s.wires.silent = 0; }},
    {"wire-stalls", [](const scenario& s) { return s.wires.stalled != 0; }, [](scenario& s) { s.wires.stalled = 0; }},
    {"connects-fail", [](const scenario& s) { return s.wires.unresolved + s.wires.refused + s.wires.unanswered != 0; },
     [](scenario& s) { s.wires.unresolved = s.wires.refused = s.wires.unanswered = 0; }},
    {"lost-events", [](const scenario& s) { return s.events.lost_rate != 0; }, [](scenario& s) { s.events.lost_rate = 0; }},
    {"event-overflow", [](const scenario& s) { return s.events.most_waiting != watcher_habits().most_waiting; },
     [](scenario& s) { s.events.most_waiting = watcher_habits().most_waiting; }},
    {"directory", [](const scenario& s) { return s.directory; }, [](scenario& s) { s.directory = false; }},
    {"cache", [](const scenario& s) { return s.cache_bytes != 0; }, [](scenario& s) { s.cache_bytes = 0; }},
    {"disk-limit", [](const scenario& s) { return s.disk_limit != 0; }, [](scenario& s) { s.disk_limit = 0; }},
    {"few-puts", [](const scenario& s) { return s.objects_in_flight != engine::options().objects_in_flight; },
     [](scenario& s) { s.objects_in_flight = engine::options().objects_in_flight; }},
    {"points", [](const scenario& s) { return s.points; }, [](scenario& s) { s.points = false; }},
    {"drifts", [](const scenario& s) { return !s.drifts.empty(); }, [](scenario& s) { s.drifts.clear(); }},
    {"held-up-puts", [](const scenario& s) { return std::ranges::any_of(s.newcomers, [](const auto& one) { return one.held_up.count() != 0; }); },
     [](scenario& s) { for (auto& one : s.newcomers) one.held_up = {}; }},
    {"quiet-copies", [](const scenario& s) { return std::ranges::any_of(s.newcomers, [](const auto& one) { return one.quiet.count() != 0; }); },
     [](scenario& s) { for (auto& one : s.newcomers) one.quiet = {}; }},
    {"petitions", [](const scenario& s) { return s.asking != 0; }, [](scenario& s) { s.asking = 0; }},
    {"flip", [](const scenario& s) { return s.flip; }, [](scenario& s) { s.flip = false; }},
    {"rot", [](const scenario& s) { return s.rot; }, [](scenario& s) { s.rot = false; }},
};

std::string numbered(const char* what, std::size_t index) { return fmt::format("{}{}", what, index + 1); }

}  // namespace

std::vector<std::string> parts_of(const scenario& whole) {
    std::vector<std::string> out;
    for (std::size_t i = 0; i < whole.mishaps.size(); ++i) out.push_back(numbered("mishap", i));
    for (std::size_t i = 0; i < whole.applications.size(); ++i) out.push_back(numbered("database", i));
    for (std::size_t i = 0; i < whole.newcomers.size(); ++i) out.push_back(numbered("newcomer", i));
    for (std::size_t i = 0; i < whole.acts.size(); ++i) out.push_back(numbered("act", i));
    for (const habit& one : habits) if (one.has(whole)) out.emplace_back(one.name);
    return out;
}

void leave_out(scenario& from, const std::vector<std::string>& parts) {
    const std::vector<std::string> known = parts_of(from);
    for (const auto& each : parts) {
        if (std::find(known.begin(), known.end(), each) == known.end()) throw std::invalid_argument(fmt::format("this scenario has no part \"{}\"", each));
    }
    const auto out = [&](const std::string& name) { return std::find(parts.begin(), parts.end(), name) != parts.end(); };
    const auto thin = [&](auto& list, const char* what) {
        auto kept = list;
        kept.clear();
        for (std::size_t i = 0; i < list.size(); ++i) if (!out(numbered(what, i))) kept.push_back(list[i]);
        list = std::move(kept);
    };
    thin(from.mishaps, "mishap");
    thin(from.applications, "database");
    thin(from.newcomers, "newcomer");
    thin(from.acts, "act");
    if (from.applications.empty()) throw std::invalid_argument("a scenario has at least one database");
    for (const habit& one : habits) if (out(one.name)) one.give_up(from);
}

}  // namespace sim
