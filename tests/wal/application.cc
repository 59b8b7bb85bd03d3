#include "tests/wal/application.h"

#include <poll.h>
#include <unistd.h>

#include <memory>
#include <random>
#include <stdexcept>

#include "tests/support/sqlite.h"

namespace tests {

namespace {

constexpr int busy_ms = 2000;

bool input_ended() {
    pollfd in{STDIN_FILENO, POLLIN, 0};
    return ::poll(&in, 1, 0) != 0;
}

class writer {
public:
    writer(std::string path, unsigned seed, const habits& how) : path_(std::move(path)), dice_(seed), how_(how) { open(); }

    void once() {
        try {
            db_->run("BEGIN IMMEDIATE");
            change();
            db_->run(chance(how_.rollback_chance) ? "ROLLBACK" : "COMMIT");
        } catch (const std::runtime_error&) {  // busy: as applications do, another time
            if (sqlite3_get_autocommit(db_->handle()) == 0) db_->run("ROLLBACK");
        }
        if (chance(how_.checkpoint_chance)) checkpoint();
        if (chance(how_.reopen_chance)) open();
        if (how_.pause_us > 0) ::usleep(static_cast<unsigned>(how_.pause_us));
    }

private:
    unsigned below(unsigned n) { return static_cast<unsigned>(dice_() % n); }
    bool chance(int of_thousand) { return static_cast<int>(below(1000)) < of_thousand; }

    void open() {
        db_.reset();
        db_ = std::make_unique<app>(path_, busy_ms);
        db_->run("PRAGMA synchronous=OFF; PRAGMA cache_size=50; PRAGMA wal_autocheckpoint=" + std::to_string(how_.autocheckpoint));
    }

    void change() {
        const unsigned rows = below(20) == 0 ? 200 : 1 + below(3);
        const std::string size = std::to_string(below(8) == 0 ? 6000 : 1 + below(300));
        db_->run("WITH RECURSIVE next(n) AS (SELECT max(n) + 1 FROM t UNION ALL SELECT n + 1 FROM next LIMIT " + std::to_string(rows) +
                 ") INSERT INTO t SELECT n, randomblob(" + size + ") FROM next");
        const std::string some = std::to_string(below(1000));
        db_->run("INSERT OR REPLACE INTO scratch VALUES(" + some + ", randomblob(" + size + "))");
        if (chance(how_.shrink_chance)) db_->run("DELETE FROM scratch WHERE id % 3 <> 0; PRAGMA incremental_vacuum");
    }

    void checkpoint() {
        std::vector<std::string> modes(1);
        for (const char c : how_.checkpoints) {
            if (c == ',') modes.emplace_back();
            else modes.back() += c;
        }
        try {
            db_->run("PRAGMA busy_timeout=20; PRAGMA wal_checkpoint(" + modes[below(static_cast<unsigned>(modes.size()))] + ")");
        } catch (const std::runtime_error&) {
        }
        sqlite3_busy_timeout(db_->handle(), busy_ms);
    }

    std::string path_;
    std::mt19937 dice_;
    habits how_;
    std::unique_ptr<app> db_;
};

}  // namespace

void create_numbers(const std::string& path, int page_size) {
    app db(path);
    db.run("PRAGMA page_size=" + std::to_string(page_size) + "; PRAGMA auto_vacuum=INCREMENTAL; PRAGMA journal_mode=WAL;"
           "CREATE TABLE t(n INTEGER PRIMARY KEY, v BLOB); INSERT INTO t VALUES(1, 'first');"
           "CREATE TABLE scratch(id INTEGER PRIMARY KEY, v BLOB)");
}

process start_application(const std::string& path, unsigned seed, const habits& how) {
    std::vector<std::string> argv{"/proc/self/exe", application_flag, path, std::to_string(seed), how.checkpoints};
    for (const int n : {how.checkpoint_chance, how.reopen_chance, how.rollback_chance, how.shrink_chance, how.autocheckpoint, how.pause_us}) {
        argv.push_back(std::to_string(n));
    }
    process_options settings;
    settings.in = channel::pipe();
    return process::start(std::move(argv), settings);
}

int run_as_application(const std::vector<std::string>& arguments) {
    habits how;
    const std::string& path = arguments.at(0);
    const auto seed = static_cast<unsigned>(std::stoul(arguments.at(1)));
    how.checkpoints = arguments.at(2);
    std::size_t next = 3;
    for (int* n : {&how.checkpoint_chance, &how.reopen_chance, &how.rollback_chance, &how.shrink_chance, &how.autocheckpoint, &how.pause_us}) {
        *n = std::stoi(arguments.at(next++));
    }
    writer writes(path, seed, how);
    while (!input_ended()) writes.once();
    return 0;
}

}  // namespace tests
