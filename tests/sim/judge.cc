// What a simulation's promises are held against: restores, the applications' books, the store itself.
#include <algorithm>

#include "engine/verifier.h"
#include "tests/sim/hash_bytes.h"
#include "tests/sim/restoring.h"
#include "tests/sim/simulation.h"
#include "wal/wal_index.h"

namespace sim {

using namespace std::chrono_literals;

namespace {

constexpr std::size_t most_judged = 12;  // TXIDs of a stream that are restored at the end

}  // namespace

simulation::copy* simulation::copy_on(stream& of, const host& machine) {
    const auto at = std::find_if(of.copies.begin(), of.copies.end(), [&](const copy& one) { return &one.at.machine() == &machine; });
    return at == of.copies.end() ? nullptr : &*at;
}

// The object that ends at a TXID: a hash of its bytes, and who wrote it. From the store's own books, not by the engine's word.
std::optional<simulation::written> simulation::find_written(const std::string& name, std::uint64_t txid) {
    const std::string ending = fmt::format("-{:016x}.ltx", txid);
    for (unsigned level = 0; level <= 9; ++level) {
        int problem = 0;
        if (const auto folder = machine_.disk.find(fmt::format("/store/{}/ltx/{}", name, level), problem)) {
            for (const auto& [file, node] : folder->entries) if (file.ends_with(ending)) return written{hash_bytes(node->now.all()), &machine_};
        }
    }
    const store_server::object* const what = server_.find_end(name, txid);
    if (what == nullptr) return std::nullopt;
    return written{hash_bytes(what->data), what->by == nullptr ? &machine_ : &what->by->machine};
}

// What was confirmed is there for ever, byte for byte.
void simulation::judge_store() {
    judge_chains();
    for (const auto& one : streams_) {
        for (const auto& [txid, held] : one.confirmed) {
            const auto now = find_written(one.name, txid);
            if (!now) all_.fail(fmt::format("{}: TXID {} was confirmed and is in the store no more", one.name, txid));
            if (now->hash != held) all_.fail(fmt::format("{}: TXID {} was confirmed, and its object has other bytes now", one.name, txid));
        }
    }
}

// Restores, reads what came out, and removes it.
io::task<std::optional<io::error>> simulation::restore(stream& of, engine::restore_target at, std::uint64_t& txid, state& found) {
    auto client = co_await open_store(shared_env_, checker_, io::directory_store::access::read);
    if (!client) co_return client.error();
    auto done = co_await restore_and_read(checker_, **client, of.name, at, fmt::format("/{}-{}.db", of.name, ++out_.restored));
    if (!done) co_return done.error();
    txid = done->txid;
    found = done->found;
    judge_state(of, txid, found, done->broken);
    co_return std::nullopt;
}

void simulation::judge_state(stream& of, std::uint64_t txid, const state& found, const std::string& broken) {
    const auto wrong = [&](const std::string& why) { all_.fail(fmt::format("{} at TXID {}: {}", of.name, txid, why)); };
    all_.note("{} at TXID {} is restored: transaction {:016x}", of.name, txid, found.id);
    if (!broken.empty()) wrong(broken);
    const auto object = find_written(of.name, txid);
    copy* const its = object ? copy_on(of, *object->by) : nullptr;
    if (its == nullptr) wrong("no object of a host that has this database ends there");
    const model& truth = its->app->truth();
    const model::known* known = truth.find(found.id);
    if (known == nullptr) wrong("what is restored was never written on " + its->at.machine().name);
    if (known->what == model::fate::undone) wrong("what is restored was rolled back by the application");
    if (known->hash != found.hash) wrong("what is restored has the id of a transaction, but not its contents");
    judge_line(*its->its, truth, txid, found, wrong);
}

// Against what else is known of the same database.
void simulation::judge_line(line& its, const model& truth, std::uint64_t txid, const state& found, const std::function<void(const std::string&)>& wrong) {
    const std::uint64_t order = truth.find(found.id)->order;
    for (auto each = its.flushed.begin(); each != its.flushed.end() && each->first <= txid; ++each) {
        if (!its.went_back || each->first == txid) {
            if (order < each->second) wrong(fmt::format("a flush that returned TXID {} acknowledged a transaction that is not in it", each->first));
        }
    }
    const auto [at, first] = its.restored.emplace(txid, found);
    if (!first && at->second != found) wrong("it was restored before and was another state then");
    if (its.went_back) return;  // the application itself may have gone back
    if (at != its.restored.begin() && truth.find(std::prev(at)->second.id)->order > order) wrong(fmt::format("older than TXID {}", std::prev(at)->first));
    if (std::next(at) != its.restored.end() && truth.find(std::next(at)->second.id)->order < order) wrong(fmt::format("newer than TXID {}", std::next(at)->first));
}

io::task<void> simulation::probe(stream& of, engine::restore_target at) {
    std::uint64_t txid = 0;
    state found;
    const auto problem = co_await restore(of, at, txid, found);
    probing_ = false;
    // While the store fails a restore may, too; but never by saying that what is stored is wrong.
    // Nor can it know that a listing lacks something.
    if (problem && problem->about != io::subject::store && what_.store.listing_lag == 0) all_.fail(fmt::format("a restore of {} while it is being written: {}", of.name, problem->context));
}

// What the database holds, by an application of its own.
state simulation::live_state(copy& of) {
    process& reader = all_.start(of.at.machine(), "reader");
    std::optional<state> out;
    std::string broken;
    all_.bodies.start(reader.id, [&] {
        sqlite db(of.app->path());
        const state found = read_state(db, true, broken);
        if (what_.canary) db.run("INSERT OR REPLACE INTO t VALUES(1, 1, 0, x''); UPDATE last SET id = 1");
        out = found;
    });
    all_.run([&] { return out.has_value(); }, 10min);
    if (!broken.empty()) all_.fail(of.app->path() + ": the application's own database is broken: " + broken);
    return *out;
}

io::task<void> simulation::judge_stream(stream& of, state live) {
    std::uint64_t txid = 0;
    state newest;
    auto problem = co_await restore(of, engine::restore_target::latest(), txid, newest);
    if (problem) all_.fail(fmt::format("{}: the newest state cannot be restored: {}", of.name, problem->context));
    if (newest != live) all_.fail(fmt::format("{}: TXID {} is the newest, transaction {:016x}; the database holds {:016x}", of.name, txid, newest.id, live.id));
    std::vector<std::uint64_t> chosen;
    for (const auto& [each, held] : of.confirmed) chosen.push_back(each);
    for (const auto& its : of.copies) for (const auto& [each, order] : its.its->flushed) chosen.push_back(each);
    while (chosen.size() > most_judged) chosen.erase(chosen.begin() + static_cast<std::ptrdiff_t>(dice_.below(chosen.size())));
    for (const std::uint64_t each : chosen) {
        state found;
        problem = co_await restore(of, engine::restore_target::at_txid(each), txid, found);
        if (problem) all_.fail(fmt::format("{}: TXID {} was confirmed and cannot be restored: {}", of.name, each, problem->context));
        if (txid != each) all_.fail(fmt::format("{}: TXID {} was asked for, {} came", of.name, each, txid));
    }
    auto client = co_await open_store(shared_env_, checker_, io::directory_store::access::read);
    if (!client) all_.fail("the store cannot be opened: " + client.error().context);
    auto report = co_await engine::verify(checker_.env, **client, of.name, {});
    if (!report) all_.fail(fmt::format("{}: cannot be verified: {}", of.name, report.error().context));
    for (const auto& each : report->findings) {
        if (each.how == engine::finding::severity::doubt) all_.fail(fmt::format("{}: verify: {}: {}", of.name, each.key, each.text));
    }
}

// For whoever reads a failure: what the engine thinks, and what lies on the disk.
void simulation::describe(station& one) {
    if (one.engine() == nullptr) return;
    for (const auto& m : one.engine()->status()) {
        all_.history.remark(all_.loop.now(), fmt::format("{}: {} {}; TXID {}, log at {} of salts {:08x} {:08x}", m.stream, m.state, m.problem, m.txid,
                                                         m.position.offset, m.position.salt1, m.position.salt2));
        for (const char* tail : {"", "-wal", "-shm"}) {
            int problem = 0;
            const auto node = one.machine().disk.find(m.path + tail, problem);
            if (!node) continue;
            all_.history.remark(all_.loop.now(), fmt::format("  {}{}: inode {}, {} bytes", m.path, tail, node->number, node->now.size()));
            if (std::string_view(tail) == "-wal" && node->now.size() >= 32) {
                const std::uint8_t* head = node->now.all().data();
                all_.history.remark(all_.loop.now(), fmt::format("  salts {:08x} {:08x}", io::load_big<std::uint32_t>(head + 16), io::load_big<std::uint32_t>(head + 20)));
            }
            const auto index = node->regions.empty() ? std::nullopt : wal::parse_wal_index({node->regions[0].get(), 32768});
            if (index) {
                all_.history.remark(all_.loop.now(), fmt::format("  {} frames, {} of them backfilled, salts {:08x} {:08x}", index->max_frame, index->backfilled, index->salt1, index->salt2));
            }
        }
    }
}

void simulation::judge() {
    petitioners_->judge();
    std::vector<std::pair<stream*, state>> live;
    for (auto& one : streams_) {
        copy* const its = winner(one);
        if (its != nullptr) live.emplace_back(&one, live_state(*its));
        for (auto& each : one.copies) if (its != nullptr && &each != its) judge_other(one, each);
    }
    if (what_.canary) {
        last_news_ = all_.loop.now();
        all_.run([&] { return all_.loop.now() > last_news_ + 2 * what_.sweep; }, 1h);
    }
    for (auto& one : stations_) describe(*one);
    // Who has lost a stream first: he would take it when its owner ends, and who is refused and started anew is in the midst of trying.
    for (auto& one : stations_) {
        if (!has_lost_one(*one) || !one->was_refused()) continue;
        one->retire();
        one->kill();
    }
    for (auto& one : stations_) if (has_lost_one(*one)) judge_end(*one);
    for (auto& one : stations_) judge_end(*one);
    judge_store();
    for (const auto& [one, held] : live) all_.run(checker_, judge_stream(*one, held), 1h);
    for (auto& one : streams_) if (chain_of(one.name).newest() != 0) all_.run(checker_, judge_times(one), 1h);
    if (what_.rot) {
        stream& of = any_stream();
        all_.run(checker_, judge_rot(of), 1h);
    }
    judge_leftovers();
}

// A bit of what is stored flips, or an object is removed: every point is what it was, or an error that says whose fault it is.
io::task<void> simulation::judge_rot(stream& of) {
    std::vector<std::string> keys;
    for (const auto& [key, object] : server_.objects) {
        if (key.starts_with(of.name + "/0") && !object.data.empty()) keys.push_back(key);
    }
    const std::string& victim = keys.at(dice_.below(keys.size()));
    const bool removed = keys.size() > 1 && dice_.chance(400);
    if (removed) server_.objects.erase(victim);
    else server_.corrupt(victim);
    bool broken = false;
    for (int i = 0; i < 6; ++i) {
        const auto any = std::next(of.confirmed.begin(), static_cast<std::ptrdiff_t>(dice_.below(of.confirmed.size())));
        std::uint64_t txid = 0;
        state found;
        const auto problem = co_await restore(of, i == 0 ? engine::restore_target::latest() : engine::restore_target::at_txid(any->first), txid, found);
        if (!problem && i != 0 && txid != any->first) all_.fail(fmt::format("{}: TXID {} was asked for, {} came", of.name, any->first, txid));
        if (!problem) continue;
        // What the newest or the oldest object that is gone was part of is not there, as far as anybody can tell.
        const bool not_there = removed && problem->code == io::errc::out_of_range;
        broken = broken || !not_there;
        if (problem->about != io::subject::integrity && !not_there) all_.fail(fmt::format("a damaged object is somebody else's fault: {}", problem->context));
    }
    if (removed) co_await judge_times_beside_a_hole(of);
    auto client = co_await open_store(checker_.env, checker_, io::directory_store::access::read);
    if (!client) all_.fail("the store cannot be opened: " + client.error().context);
    auto report = co_await engine::verify(checker_.env, **client, of.name, {});
    if (!report) all_.fail("a damaged store cannot be verified: " + report.error().context);
    if (broken && report->sound()) all_.fail("a restore fails, and verify finds nothing wrong");
}

void simulation::judge_leftovers() {
    for (auto& one : streams_) {
        if (std::ranges::all_of(one.copies, [](const copy& its) { return its.app->committed() == 0; })) all_.fail(one.name + ": its application never came to commit anything: the run proves nothing");
    }
    if (!s3_.offence().empty()) all_.fail("the server had to blame its client: " + s3_.offence());
    // The server's patience with idle connections, and with answers that nobody takes.
    if (wires_.open() != 0) all_.run([this] { return wires_.open() == 0; }, 5min);
    if (desk_.disk.used() != 0) all_.fail("a restore left something behind");
}

}  // namespace sim
