// What an engine says that is durable, in state.db and when it is asked, never goes beyond what the store has.
#include "tests/sim/simulation.h"
#include "tests/sim/state_file.h"

namespace sim {

namespace {

constexpr const char* state_db = "/state/state.db";
constexpr io::duration between_looks = std::chrono::milliseconds(300);

}  // namespace

void simulation::judge_memo(const std::string& who, const engine::memo& one) {
    const auto wrong = [&](const std::string& why) { all_.fail_soon(fmt::format("{} of {} says {}", who, one.stream, why)); };
    const chain all = chain_of(one.stream);
    if (one.txid > all.newest()) return wrong(fmt::format("that TXID {} is durable, the store ends at {}", one.txid, all.newest()));
    if (one.txid != 0 && all.checksum_of(one.txid) != one.post) return wrong(fmt::format("that TXID {} is durable, and the store does not have that state of it", one.txid));
    if (one.snapshot_txid != 0 && !all.has_snapshot(one.snapshot_txid)) wrong(fmt::format("that there is a snapshot at TXID {}", one.snapshot_txid));
}

// As state.db is now, whatever becomes of the engine in the next instant.
void simulation::judge_memory(const host& machine) {
    const auto rows = read_state_file(machine.disk, state_db);
    if (!rows) return;
    for (const auto& one : rows->streams) judge_memo("state.db", one);
    std::uint64_t copies = 0;
    for (const auto& [name, row] : rows->objects) if (row.state == engine::object_row::fate::uploaded) copies += row.size;
    if (copies > what_.cache_bytes) all_.fail_soon(fmt::format("{} keeps {} bytes of copies, and may keep {}", machine.name, copies, what_.cache_bytes));
    for (const auto& [name, row] : rows->objects) {
        if (row.state != engine::object_row::fate::uploaded || chain_of(name).has(row.name.level, row.name.range.min, row.name.range.max)) continue;
        all_.fail_soon(fmt::format("state.db of {} says that TXIDs {} to {} of level {} were uploaded, and the store has no such object", name, row.name.range.min, row.name.range.max, row.name.level));
    }
}

// While it runs, now and then.
void simulation::judge_memory(station& at) {
    io::instant& last = looked_[&at.machine()];
    if (all_.loop.now() < last + between_looks) return;
    last = all_.loop.now();
    judge_memory(at.machine());
    if (at.engine() == nullptr) return;
    for (const auto& one : at.engine()->status()) judge_memo("the status", one);
}

// Of an engine that was in step with these streams, and has ended well: it knows all that it shipped.
void simulation::judge_end_of(const host& machine, const std::vector<std::string>& in_step) {
    judge_memory(machine);
    const auto rows = read_state_file(machine.disk, state_db);
    if (!rows) all_.fail(fmt::format("{}: nothing is wrong with the world, and state.db cannot be read", machine.name));
    for (const auto& name : in_step) {
        const auto its = std::ranges::find(rows->streams, name, &engine::memo::stream);
        const std::uint64_t txid = its == rows->streams.end() ? 0 : its->txid;
        if (const std::uint64_t newest = chain_of(name).newest(); txid != newest) all_.fail(fmt::format("{}: the engine has ended, state.db knows TXID {}, the store ends at {}", name, txid, newest));
    }
}

}  // namespace sim
