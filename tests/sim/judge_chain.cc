// What the objects in the store say of themselves, and restores by time: held against a reader of our own and the applications' books.
#include <algorithm>

#include "tests/sim/chain.h"
#include "tests/sim/simulation.h"

namespace sim {

namespace {

constexpr int most_times = 4;  // of a stream, at the end

}  // namespace

chain simulation::chain_of(const std::string& name) {
    std::vector<stored_object> out;
    for (unsigned level = 0; level <= 9; ++level) {
        int problem = 0;
        if (const auto folder = machine_.disk.find(fmt::format("/store/{}/ltx/{}", name, level), problem)) {
            for (const auto& [file, node] : folder->entries) out.push_back({level, file, node->now.all()});
        }
        const std::string prefix = fmt::format("{}/{:04x}/", name, level);
        for (auto at = server_.objects.lower_bound(prefix); at != server_.objects.end() && at->first.starts_with(prefix); ++at) {
            if (!at->second.data.empty()) out.push_back({level, at->first.substr(prefix.size()), at->second.data});
        }
    }
    return chain(out);
}

bool simulation::have_clocks_of_their_own() const {
    return !what_.newcomers.empty() || std::ranges::any_of(what_.mishaps, [](const auto& one) { return one.kind == mishap::what::clock_step; });
}

// Clocks that were set may go back; TXIDs, states and owners do not.
void simulation::judge_chains() {
    const bool differ = have_clocks_of_their_own();
    for (const auto& one : streams_) {
        const chain all = chain_of(one.name);
        if (const std::string why = all.broken(differ); !why.empty()) all_.fail(fmt::format("{}: what is in the store does not fit together: {}", one.name, why));
        if (all.reshaped() > one.reanchored) all_.fail(fmt::format("{}: its pages have another size {} times, and {} events tell", one.name, all.reshaped(), one.reanchored));
        if (!one.confirmed.empty() && one.confirmed.rbegin()->first > all.newest()) all_.fail(fmt::format("{}: TXID {} was confirmed, the store ends at {}", one.name, one.confirmed.rbegin()->first, all.newest()));
    }
}

// A restore at a time is the newest TXID whose object was made by then, with no commit in it that was begun later; or there is none, and that is what
// it says. Where clocks were set or differ, times are asked for that the objects have, and commits' times say nothing.
io::task<void> simulation::judge_times(stream& of) {
    const bool differ = have_clocks_of_their_own();
    prng own = all_.stream("times of " + of.name);
    const chain all = chain_of(of.name);
    const std::int64_t end_ms = shared_env_.time.wall_ms();
    for (int i = 0; i < most_times; ++i) {
        std::int64_t at_ms = host_clocks::begin_ms + static_cast<std::int64_t>(dice_.below(static_cast<std::uint64_t>(end_ms - host_clocks::begin_ms) + 5000));
        if (differ) at_ms = all.any_time(own.next()) + static_cast<std::int64_t>(own.below(3)) - 1;
        const auto wanted = all.points_at(at_ms);
        std::uint64_t txid = 0;
        state found;
        const auto problem = co_await restore(of, engine::restore_target::at_time(at_ms), txid, found);
        all_.note("{} at {} ms: {}", of.name, at_ms - host_clocks::begin_ms, problem ? std::string(io::name(problem->code)) : fmt::format("TXID {}", txid));
        const bool ahead = at_ms > shared_env_.time.wall_ms();
        if (problem) {
            if ((!wanted.empty() && !ahead) || problem->code != io::errc::out_of_range || problem->about != io::subject::target) {
                all_.fail(fmt::format("{} at {} ms should be TXID {}: {}", of.name, at_ms, fmt::join(wanted, " or "), problem->context));
            }
            continue;
        }
        if (std::ranges::find(wanted, txid) == wanted.end()) all_.fail(fmt::format("{} at {} ms is TXID {}, and not {}", of.name, at_ms, txid, fmt::join(wanted, " or ")));
        if (differ) continue;
        const model::known* known = of.copies[0].app->truth().find(found.id);
        if (known->begun_ms > at_ms) all_.fail(fmt::format("{} at {} ms has a commit that was begun at {} ms", of.name, at_ms, known->begun_ms));
        if (known->begun_ms > all.time_of(txid)) all_.fail(fmt::format("{}: TXID {} is said to be older than a commit in it", of.name, txid));
    }
}

// An object is gone: a restore at the time of any that is left comes to that one, or is an error; it never makes do with an older one.
io::task<void> simulation::judge_times_beside_a_hole(stream& of) {
    const chain left = chain_of(of.name);
    for (int i = 0; i < most_times; ++i) {
        const auto any = std::next(of.confirmed.begin(), static_cast<std::ptrdiff_t>(dice_.below(of.confirmed.size())));
        const auto at_ms = left.time_of(any->first);
        if (!at_ms) continue;
        const auto wanted = left.points_at(*at_ms);
        std::uint64_t txid = 0;
        state found;
        const auto problem = co_await restore(of, engine::restore_target::at_time(*at_ms), txid, found);
        if (!problem && std::ranges::find(wanted, txid) == wanted.end()) {
            all_.fail(fmt::format("{} at {} ms is TXID {}, but {} was made by then, whatever has gone", of.name, *at_ms, txid, fmt::join(wanted, " or ")));
        }
        const bool says_so = !problem || problem->about == io::subject::integrity || problem->code == io::errc::out_of_range;
        if (!says_so) all_.fail(fmt::format("an object that is gone is somebody else's fault: {}", problem->context));
    }
}

}  // namespace sim
