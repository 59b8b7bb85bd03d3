#include "tests/sim/application.h"

#include <optional>

namespace sim {

namespace {

// What an application meets when others have the database, or the disk is full or failing: it tries again later.
bool may_pass(int rc) {
    const int code = rc & 0xff;
    return code == SQLITE_BUSY || code == SQLITE_FULL || code == SQLITE_IOERR || code == SQLITE_LOCKED || code == SQLITE_CANTOPEN || code == SQLITE_PROTOCOL;
}

struct trouble : std::runtime_error {
    using std::runtime_error::runtime_error;
};

// Throws trouble for what may pass, failure for what must not happen.
void must(sqlite& db, int rc, const std::string& what) {
    if (rc == SQLITE_OK || rc == SQLITE_DONE || rc == SQLITE_ROW) return;
    const std::string why = what + ": " + db.error();
    if (may_pass(rc)) throw trouble(why);
    throw failure("the application: " + why);
}

}  // namespace

application_habits application_habits::draw(prng& dice) {
    constexpr std::uint64_t sizes[] = {512, 1024, 4096, 4096, 4096, 8192, 65536};
    application_habits out;
    out.page_size = sizes[dice.below(7)];
    out.most_rows = 5 + dice.below(100);
    out.most_bytes = dice.chance(200) ? 20'000 : 10 + dice.below(3000);
    out.most_changes = 1 + dice.below(12);
    out.most_pause = std::chrono::milliseconds(dice.chance(300) ? 20 + dice.below(30) : 50 + dice.below(1500));
    out.full = dice.chance(500);
    out.autocheckpoint = dice.chance(300) ? dice.below(30) : 1000;
    out.cache_pages = dice.chance(400) ? 2 : 100;
    out.rollback_rate = dice.below(150);
    out.checkpoint_rate = dice.chance(300) ? 300 : dice.below(60);
    out.reopen_rate = dice.chance(200) ? 1000 : dice.below(100);
    out.vacuum_rate = dice.below(15);
    return out;
}

std::string application_habits::words() const {
    return fmt::format("pages of {}, {} rows of {} bytes, {} changes, pause {} ms, {}, autocheckpoint {}, cache {}, rollback {}, checkpoint {}, reopen {}, vacuum {}, reshape {}, checkpointer {} ms",
                       page_size, most_rows, most_bytes, most_changes, most_pause.count() / 1'000'000, full ? "full" : "normal", autocheckpoint,
                       cache_pages, rollback_rate, checkpoint_rate, reopen_rate, vacuum_rate, reshape_rate, checkpointer_pause.count() / 1'000'000);
}

void application::create() {
    sqlite db(path_);
    db.run(fmt::format("PRAGMA page_size={}; PRAGMA journal_mode=WAL", habits_.page_size));
    create_tables(db);
    std::string broken;
    const state first = read_state(db, false, broken);
    truth_->attempt(first, on_.clocks.wall_ms(all_.loop.now()));
    truth_->decide(first.id, true);
}

void application::start() {
    process& who = all_.start(on_, "application " + path_);
    writers_.push_back(std::make_unique<writer>(writer{&who}));
    bool& ended = writers_.back()->ended;
    all_.bodies.start(who.id, [this, dice = prng(dice_.next()), &ended] { write(dice, ended); });
    start_checkpointer();
}

std::size_t application::running() const {
    std::size_t out = 0;
    for (const auto& one : writers_) out += !one->ended && all_.loop.is_alive(one->who->id);
    return out + (checkpointer_ && !checkpointer_->ended && all_.loop.is_alive(checkpointer_->who->id));
}

void application::kill() {
    for (const auto& one : writers_) all_.kill(*one->who);
    if (checkpointer_) all_.kill(*checkpointer_->who);
}

process* application::one_of_them(prng& dice) {
    std::vector<process*> alive;
    for (const auto& one : writers_) {
        if (!one->ended && all_.loop.is_alive(one->who->id)) alive.push_back(one->who);
    }
    return alive.empty() ? nullptr : alive[dice.below(alive.size())];
}

void application::configure(sqlite& db) const {
    must(db, db.try_run(fmt::format("PRAGMA synchronous={}; PRAGMA wal_autocheckpoint={}; PRAGMA cache_size={}", habits_.full ? "FULL" : "NORMAL",
                                    habits_.autocheckpoint, habits_.cache_pages)), "configure");
}

void application::write(prng dice, bool& ended) {
    std::unique_ptr<sqlite> db;
    while (!stopping_) {
        all_.bodies.sleep(io::duration(static_cast<io::duration::rep>(dice.below(static_cast<std::uint64_t>(habits_.most_pause.count())))));
        try {
            if (!db) {
                db = std::make_unique<sqlite>(path_, 2000);
                configure(*db);
            }
            transaction(*db, dice);
            housekeeping(*db, dice);
            if (dice.chance(habits_.reopen_rate)) db.reset();
        } catch (const trouble& e) {
            all_.note("application {}: {}", path_, e.what());
            if (db && sqlite3_get_autocommit(db->get()) == 0) (void)db->try_run("ROLLBACK");
            if (dice.chance(300)) db.reset();
        }
    }
    db.reset();
    if (habits_.reshape_rate != 0) end_in_wal();
    ended = true;
}

void application::change(sqlite& db, prng& dice) const {
    const std::uint64_t changes = 1 + dice.below(habits_.most_changes);
    for (std::uint64_t i = 0; i < changes; ++i) {
        const std::uint64_t row = 1 + dice.below(habits_.most_rows);
        if (dice.chance(150)) {
            must(db, db.try_run(fmt::format("DELETE FROM t WHERE id={}", row)), "delete");
            continue;
        }
        const std::uint64_t seed = dice.next() >> 1U;
        const std::string data = content_of(seed, habits_.most_bytes);
        sqlite3_stmt* raw = nullptr;
        must(db, sqlite3_prepare_v2(db.get(), "INSERT OR REPLACE INTO t VALUES(?,?,?,?)", -1, &raw, nullptr), "insert");
        const std::unique_ptr<sqlite3_stmt, int (*)(sqlite3_stmt*)> insert(raw, sqlite3_finalize);
        sqlite3_bind_int64(raw, 1, static_cast<sqlite3_int64>(row));
        sqlite3_bind_int64(raw, 2, static_cast<sqlite3_int64>(seed));
        sqlite3_bind_int64(raw, 3, static_cast<sqlite3_int64>(habits_.most_bytes));
        sqlite3_bind_blob(raw, 4, data.data(), static_cast<int>(data.size()), SQLITE_STATIC);
        must(db, sqlite3_step(raw), "insert");
    }
}

void application::transaction(sqlite& db, prng& dice) {
    must(db, db.try_run("BEGIN IMMEDIATE"), "begin");
    change(db, dice);
    const std::uint64_t id = (dice.next() >> 1U) | 1U;
    must(db, db.try_run(fmt::format("UPDATE last SET id={}", id)), "update");
    std::string broken;
    state next;
    try {
        next = read_state(db, false, broken);
    } catch (const std::runtime_error& e) {
        throw trouble(e.what());
    }
    truth_->attempt(next, on_.clocks.wall_ms(all_.loop.now()));
    if (dice.chance(habits_.rollback_rate)) {
        truth_->decide(id, false);
        must(db, db.try_run("ROLLBACK"), "rollback");
        return;
    }
    int rc = SQLITE_BUSY;
    for (int tries = 0; tries < 100 && (rc & 0xff) == SQLITE_BUSY; ++tries) rc = db.try_run("COMMIT");
    if (rc == SQLITE_OK) {
        truth_->decide(id, true);
        ++committed_;
        return;
    }
    // With a failing disk nobody knows what a later recovery finds.
    if ((rc & 0xff) == SQLITE_FULL) truth_->decide(id, false);
    must(db, rc, "commit");
}

void application::housekeeping(sqlite& db, prng& dice) const {
    if (dice.chance(habits_.checkpoint_rate)) {
        constexpr const char* modes[] = {"PASSIVE", "FULL", "RESTART", "TRUNCATE"};
        must(db, db.try_run(fmt::format("PRAGMA busy_timeout=50; PRAGMA wal_checkpoint({}); PRAGMA busy_timeout=2000", modes[dice.below(4)])), "checkpoint");
    }
    if (dice.chance(habits_.vacuum_rate)) must(db, db.try_run("VACUUM"), "vacuum");
    if (habits_.reshape_rate != 0) reshape(db, dice);
}

}  // namespace sim
