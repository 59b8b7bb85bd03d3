// An application process that does nothing but checkpoints, in every mode and most of them the harsh ones, on a connection of its own.
#include "tests/sim/application.h"
#include "tests/sim/late_draws.h"

namespace sim {

void application::start_checkpointer() {
    if (habits_.checkpointer_pause.count() == 0 || (checkpointer_ && !checkpointer_->ended && all_.loop.is_alive(checkpointer_->who->id))) return;
    process& who = all_.start(on_, "checkpointer " + path_);
    checkpointer_ = std::make_unique<writer>(writer{&who});
    bool& ended = checkpointer_->ended;
    all_.bodies.start(who.id, [this, dice = prng(all_.seed, fmt::format("checkpointer {}", who.id)), &ended] { checkpoint(dice, ended); });
}

void application::checkpoint(prng dice, bool& ended) const {
    constexpr const char* modes[] = {"PASSIVE", "FULL", "RESTART", "RESTART", "TRUNCATE", "TRUNCATE"};
    std::unique_ptr<sqlite> db;
    while (!stopping_) {
        all_.bodies.sleep(io::duration(static_cast<io::duration::rep>(dice.below(static_cast<std::uint64_t>(habits_.checkpointer_pause.count())))));
        if (!db) db = std::make_unique<sqlite>(path_, static_cast<int>(10 + dice.below(500)));
        const int code = db->try_run(fmt::format("PRAGMA wal_checkpoint({})", modes[dice.below(6)])) & 0xff;
        if (code == SQLITE_CORRUPT || code == SQLITE_NOTADB) throw failure("the checkpointer: " + db->error());
        if (code != SQLITE_OK && dice.chance(300)) db.reset();
    }
    db.reset();
    ended = true;
}

// Then who writes keeps his connection, and leaves that to it.
void draw_checkpointer(scenario& to, std::uint64_t seed) {
    prng dice(seed, "late checkpointer");
    if (!(to.name == "checkpoints" && dice.chance(500)) && !(to.name == "swarm" && dice.chance(60))) return;
    for (auto& one : to.applications) {
        one.checkpointer_pause = std::chrono::milliseconds(5 + dice.below(dice.chance(500) ? 60 : 600));
        one.reopen_rate = one.checkpoint_rate = one.autocheckpoint = 0;
    }
}

}  // namespace sim
