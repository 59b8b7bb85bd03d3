// What several hosts with copies of one database must come to: one of them has the stream, and the others know that they have not.
#include "tests/sim/leftovers.h"
#include "tests/sim/simulation.h"

namespace sim {

using namespace std::chrono_literals;

// Whether a database of this host is another's stream now.
bool simulation::has_lost_one(station& of) {
    return std::any_of(streams_.begin(), streams_.end(), [&](stream& one) {
        const host* const by = owners_.newest_writer(one.name);
        return by != nullptr && by != &of.machine() && copy_on(one, of.machine()) != nullptr;
    });
}

// Who shipped last; null if nobody did, and nobody could: an engine that is refused one of its streams ships none.
simulation::copy* simulation::winner(stream& of) {
    if (what_.newcomers.empty()) return &of.copies[0];
    const host* const by = owners_.newest_writer(of.name);
    copy* const its = by == nullptr ? nullptr : copy_on(of, *by);
    if (its == nullptr) {
        for (auto& one : of.copies) if (one.at.is_alive() && one.at.is_watching() && !one.at.was_refused()) all_.fail(of.name + ": it is watched, and was never shipped");
        return nullptr;
    }
    const bool follows = its->at.is_watching() && its->in_step == its->at.who();
    if (!follows && its->at.was_refused() && has_lost_one(its->at)) return nullptr;
    if (!follows) all_.fail(fmt::format("{}: {} has the stream, and does not follow it although nothing is wrong any more", of.name, by->name));
    return its;
}

// Who thinks that he is in step has nothing that is not in the store, though it be somebody else's by now.
void simulation::judge_other(stream& of, copy& one) {
    const bool thinks = !one.at.is_retired() && one.at.is_alive() && one.in_step != nullptr && one.in_step == one.at.who();
    if (!thinks) return;
    const state live = live_state(one);
    const std::uint64_t newest = owners_.newest_of(of.name, one.at.machine());
    state found;
    const auto look = [&]() -> io::task<void> {
        std::uint64_t txid = 0;
        (void)co_await restore(of, engine::restore_target::at_txid(newest), txid, found);
    };
    all_.run(checker_, look(), 1h);
    if (found != live) all_.fail(fmt::format("{}: {} has lost the stream, and has not said so", of.name, one.at.machine().name));
}

// After an engine has ended well, and nothing fails any more.
void simulation::judge_files(const host& machine) {
    const auto left = strangers(machine.disk);
    if (!left.empty()) all_.fail(fmt::format("the engine of {} ended, and {} files are left that do not belong there: {}", machine.name, left.size(), left.front()));
}

// The engine ends when it is asked to, and well, unless others have its streams.
void simulation::judge_end(station& one) {
    const bool gone = one.is_retired() && one.is_over();  // it ended or was killed for good while anything could go wrong
    one.retire();
    if (gone) return;
    std::vector<std::string> in_step;
    for (auto& of : streams_) {
        const copy* const its = copy_on(of, one.machine());
        const bool has_it = what_.newcomers.empty() || owners_.newest_writer(of.name) == &one.machine();
        if (its != nullptr && has_it && its->in_step != nullptr && its->in_step == one.who()) in_step.push_back(of.name);
    }
    one.stop();
    all_.run([&] { return one.ended().has_value(); }, 10min);
    if (one.ended()->has_value()) {
        judge_end_of(one.machine(), in_step);
        return judge_files(one.machine());
    }
    const io::error& why = one.ended()->error();
    constexpr io::errc lost[] = {io::errc::held, io::errc::overtaken, io::errc::busy, io::errc::canceled};
    const bool expected = has_lost_one(one) && std::ranges::find(lost, why.code) != std::end(lost);
    if (!expected) all_.fail(fmt::format("nothing is wrong with the world, and the engine of {} ends with: {}", one.machine().name, why.context));
}

}  // namespace sim
