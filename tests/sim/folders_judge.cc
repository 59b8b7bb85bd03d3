// What a run of the scenario directories is held against.
#include <algorithm>

#include "engine/key.h"
#include "engine/verifier.h"
#include "tests/sim/folders.h"
#include "tests/sim/hash_bytes.h"
#include "tests/sim/state_file.h"

namespace sim {

using namespace std::chrono_literals;

namespace {

constexpr std::size_t most_judged = 12;  // TXIDs of a stream that are restored at the end
constexpr io::duration forgotten_after = std::chrono::hours(30 * 24);

}  // namespace

state folders::live_state(const application& of) {
    state out;
    std::string broken;
    by_hand([&](process&) {
        sqlite db(of.path());
        out = read_state(db, true, broken);
    });
    if (!broken.empty()) all_.fail(of.path() + ": the application's own database is broken: " + broken);
    return out;
}

io::task<restored> folders::restore(place& of, engine::restore_target at) {
    auto out = co_await restore_and_read(checker_, reader_, of.name, at, fmt::format("/{}.db", ++out_.restored));
    if (!out) all_.fail(fmt::format("{} cannot be restored: {}", of.name, out.error().context));
    if (!out->broken.empty()) all_.fail(fmt::format("{} at TXID {}: {}", of.name, out->txid, out->broken));
    co_return *out;
}

// In the midst of it, if there was no trouble for long.
void folders::check_up() {
    if (!is_quiet()) return;
    all_.note("a check-up");
    if (!station_.is_watching() || !station_.is_alive()) all_.fail("nothing is wrong, and the engine does not watch");
    const auto habits = std::exchange(server_.habits, {});
    checking_ = true;
    for (place& each : places_) {
        if (each.there) all_.run(checker_, judge_newest(each, live_state(*each.lives.back())), 1h);
        else if (!each.lives.empty()) judge_departed(each);
    }
    server_.habits = habits;
    checking_ = false;
}

io::task<void> folders::judge_newest(place& of, state wanted) {
    if (of.confirmed.empty()) all_.fail(of.name + ": nothing of it was ever shipped");
    const restored newest = co_await restore(of, engine::restore_target::latest());
    if (newest.found != wanted) all_.fail(fmt::format("{}: TXID {} is the newest, transaction {:016x}; the database holds {:016x}", of.name, newest.txid, newest.found.id, wanted.id));
}

// What the engine still knows of a database that is gone, and whether it may.
void folders::judge_departed(place& of) {
    const std::string id = engine::local_id(reader_.url(), of.name);
    int problem = 0;
    const auto full = [&](const std::string& path) {
        const disk::node found = machine_.disk.find(path, problem);
        return found != nullptr && !found->entries.empty();
    };
    const bool sums = machine_.disk.find("/state/sums/" + id, problem) != nullptr;
    const auto rows = read_state_file(machine_.disk, "/state/state.db");
    const bool row = rows && std::ranges::find(rows->streams, of.name, &engine::memo::stream) != rows->streams.end();
    const bool waits = full("/state/shadow/" + id) || (rows && std::ranges::any_of(rows->objects, [&](const auto& one) { return one.first == of.name && one.second.state != engine::object_row::fate::uploaded; }));
    const io::duration gone = all_.loop.now() - of.gone;
    if (of.waited && !waits) all_.fail(of.name + ": it is gone, something of it waited for the store, and does so no more");
    of.waited = waits;
    if (of.remembered && gone < forgotten_after && (!sums || !row)) all_.fail(of.name + ": it has been gone for less than thirty days, and is forgotten");
    // It is found to be gone by a sweep, and forgotten by another one; each death puts them off.
    const io::duration late = (4 + static_cast<std::int64_t>(out_.deaths)) * what_.sweep;
    if (gone > forgotten_after + late && !waits && (sums || row)) all_.fail(of.name + ": it has been gone for more than thirty days, and is remembered");
}

void folders::judge() {
    if (!station_.is_watching()) all_.fail("nothing is wrong any more, and the engine does not watch");
    server_.habits = {};
    for (place& each : places_) {
        if (each.lives.empty()) continue;
        if (each.there) all_.run(checker_, judge_newest(each, live_state(*each.lives.back())), 1h);
        else judge_departed(each);
        if (!each.there && each.last) all_.run(checker_, judge_newest(each, *each.last), 1h);
        if (!each.confirmed.empty()) all_.run(checker_, judge_history(each), 1h);
    }
    station_.retire();
    station_.stop();
    all_.run([&] { return station_.ended().has_value(); }, 10min);
    if (!station_.ended()->has_value()) all_.fail("nothing is wrong, and the engine ends with: " + station_.ended()->error().context);
    judge_rest();
}

// What was confirmed is there, and restores; along the TXIDs the databases that had the place follow each other, and in each its transactions.
io::task<void> folders::judge_history(place& of) {
    std::vector<std::uint64_t> chosen;
    for (const auto& [txid, hash] : of.confirmed) {
        const store_server::object* held = server_.find_end(of.name, txid);
        if (held == nullptr || hash_bytes(held->data) != hash) all_.fail(fmt::format("{}: TXID {} was confirmed, and is not in the store as it was", of.name, txid));
        chosen.push_back(txid);
    }
    while (chosen.size() > most_judged) chosen.erase(chosen.begin() + static_cast<std::ptrdiff_t>(dice_.below(chosen.size())));
    moment_of_stream at;
    for (const std::uint64_t txid : chosen) {
        const restored one = co_await restore(of, engine::restore_target::at_txid(txid));
        if (one.txid != txid) all_.fail(fmt::format("{}: TXID {} was asked for, {} came", of.name, txid, one.txid));
        std::optional<moment_of_stream> next;
        bool known = false;
        for (std::size_t life = 0; life < of.lives.size() && !next; ++life) {
            const model::known* what = of.lives[life]->truth().find(one.found.id);
            if (what == nullptr || what->hash != one.found.hash || what->what == model::fate::undone) continue;
            known = true;
            if (const moment_of_stream here{life, what->order}; here >= at) next = here;
        }
        if (!known) all_.fail(fmt::format("{} at TXID {}: what is restored was never a state of a database of that name", of.name, txid));
        if (!next) all_.fail(fmt::format("{} at TXID {}: what is restored is older than what an earlier TXID holds", of.name, txid));
        at = *next;
    }
    auto report = co_await engine::verify(checker_.env, reader_, of.name, {});
    if (!report) all_.fail(fmt::format("{}: cannot be verified: {}", of.name, report.error().context));
    for (const auto& each : report->findings) {
        if (each.how == engine::finding::severity::doubt) all_.fail(fmt::format("{}: verify: {}: {}", of.name, each.key, each.text));
    }
}

// Nobody else's files, streams of nobody, or files of ours beside the databases.
void folders::judge_rest() {
    int problem = 0;
    for (const auto& [path, data] : bystanders_) {
        const disk::node file = machine_.disk.find(path, problem);
        if (file == nullptr || !std::ranges::equal(file->now.all(), data)) all_.fail(path + ": it is no database, and was changed");
    }
    for (const auto& [key, what] : server_.objects) {
        const bool known = key.starts_with(".flotilla/") || std::ranges::any_of(places_, [&](const place& one) { return !one.lives.empty() && key.starts_with(one.name + "/"); });
        if (!known) all_.fail(key + " is in the store, and no database has that name");
    }
    const std::function<void(const std::string&, const inode&)> visit = [&](const std::string& path, const inode& folder) {
        for (const auto& [name, each] : folder.entries) {
            const std::string below = path + "/" + name;
            if (each->directory) visit(below, *each);
            else if (!bystanders_.contains(below) && std::ranges::none_of(places_, [&](const place& one) { return one.there && below.starts_with("/data/" + one.name); })) {
                all_.fail(below + ": who put that there?");
            }
        }
    };
    for (const char* each : {"/data", "/other"}) visit(each, *machine_.disk.find(each, problem));
    if (checker_.machine.disk.used() != 0) all_.fail("a restore left something behind");
}

}  // namespace sim
