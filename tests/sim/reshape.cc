#include "tests/sim/reshape.h"

#include "tests/sim/application.h"

namespace sim {

namespace {

constexpr std::uint64_t sizes[] = {512, 1024, 4096, 8192, 65536};

// The mode as the file has it; empty if nobody can say for now.
std::string mode_of(sqlite& db) {
    std::string out;
    const auto take = [](void* into, int, char** values, char**) {
        *static_cast<std::string*>(into) = values[0];
        return 0;
    };
    (void)sqlite3_exec(db.get(), "PRAGMA journal_mode", take, &out, nullptr);
    return out;
}

}  // namespace

// While the engine, or another writer, has the database open it cannot be taken out of WAL mode. What is killed in between is found so by the next.
void application::reshape(sqlite& db, prng& dice) const {
    const std::string mode = mode_of(db);
    if (mode == "wal") {
        if (dice.chance(habits_.reshape_rate)) (void)db.try_run("PRAGMA busy_timeout=20; PRAGMA journal_mode=DELETE; PRAGMA busy_timeout=2000");
        return;
    }
    if (dice.chance(500)) (void)db.try_run(fmt::format("PRAGMA page_size={}; VACUUM", sizes[dice.below(5)]));
    if (dice.chance(400)) come_back(db);
}

void application::come_back(sqlite& db) const {
    if (mode_of(db) != "wal") (void)db.try_run("PRAGMA journal_mode=WAL");
}

void application::end_in_wal() const {
    for (std::string mode; mode != "wal";) {
        sqlite db(path_);
        come_back(db);
        mode = mode_of(db);
        if (mode != "wal") all_.bodies.sleep(std::chrono::milliseconds(50));
    }
}

void draw_reshaped(scenario& to, std::uint64_t seed) {
    if (to.name != "reshaped") return;
    prng dice(seed, "late reshaped");
    to.writers = 1;
    for (auto& one : to.applications) {
        one.reshape_rate = 200 + dice.below(600);
        one.most_pause = std::chrono::milliseconds(20 + dice.below(150));
    }
    add_mishaps(to, dice, mishap::what::kill_engine, 6);
    add_mishaps(to, dice, mishap::what::stop_engine, 6);
    add_mishaps(to, dice, mishap::what::freeze_engine, 1, 4000);
    add_mishaps(to, dice, mishap::what::kill_writer, 2);
    if (dice.chance(300)) add_mishaps(to, dice, mishap::what::store_down, 2, 6000);
    if (dice.chance(300)) to.stream.wal_limit = 64U << 10U;
}

}  // namespace sim
