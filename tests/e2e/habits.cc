#include "tests/e2e/habits.h"

#include <poll.h>
#include <unistd.h>

#include <cstdio>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>

#include "tests/support/sqlite.h"

namespace e2e {

namespace {

using tests::app;

constexpr const char* schema = "CREATE TABLE IF NOT EXISTS log(writer INTEGER, n INTEGER, x BLOB, PRIMARY KEY(writer, n))";

class habit {
public:
    habit(std::string path, std::map<std::string, std::string> options) : path_(std::move(path)), options_(std::move(options)) {}

    const std::string& path() const { return path_; }
    std::string option(const std::string& name, const std::string& otherwise) const {
        const auto at = options_.find(name);
        return at == options_.end() ? otherwise : at->second;
    }
    int busy_ms() const { return std::stoi(option("busy", "10000")); }
    std::int64_t commits() const { return commits_; }

    // Adds the row of the next commit, in `bytes` bytes.
    void commit(app& db, int bytes) {
        db.run("INSERT INTO log VALUES(" + option("writer", "1") + "," + std::to_string(commits_ + 1) + ",randomblob(" +
               std::to_string(bytes) + "))");
        ++commits_;
    }
    void restarted() { ++restarts_; }

    // Between two commits: says "ready" once, answers who asks. False: it is time to end.
    bool goes_on() {
        if (!said_ready_) say("ready");
        said_ready_ = true;
        pollfd in{STDIN_FILENO, POLLIN, 0};
        if (::poll(&in, 1, 0) <= 0) return true;
        return answer();
    }
    // Answers until it is time to end.
    void idle() {
        if (!goes_on()) return;
        while (answer()) {}
    }

private:
    static void say(const std::string& words) {
        std::printf("%s\n", words.c_str());
        std::fflush(stdout);
    }
    bool answer() {
        char line[256];
        if (std::fgets(line, sizeof line, stdin) == nullptr) return false;
        say("at " + std::to_string(commits_) + " " + std::to_string(restarts_));
        return true;
    }

    std::string path_;
    std::map<std::string, std::string> options_;
    std::int64_t commits_ = 0;
    std::int64_t restarts_ = 0;
    bool said_ready_ = false;
};

// As fast as it can (sync=FULL: as fast as the disk can), SQLite's default checkpoints.
void full_speed(habit& self) {
    app db(self.path(), self.busy_ms());
    db.run("PRAGMA synchronous=" + self.option("sync", "NORMAL"));
    db.run(schema);
    do {
        self.commit(db, 300);
    } while (self.goes_on());
}

// Opens and closes a connection for every statement, as scripts do: each close checkpoints and deletes the log, if it may.
void reconnecting(habit& self) {
    app(self.path(), self.busy_ms()).run(schema);
    do {
        app db(self.path(), self.busy_ms());
        self.commit(db, 200);
    } while (self.goes_on());
}

// Checkpoints with mode=TRUNCATE or RESTART after every few commits, and gives up quickly when somebody is in the way.
void checkpointing(habit& self) {
    app db(self.path(), self.busy_ms());
    db.run(schema);
    app impatient(self.path(), 20);
    do {
        for (int i = 0; i < 5; ++i) self.commit(db, 500);
        if (impatient.number("PRAGMA wal_checkpoint(" + self.option("mode", "TRUNCATE") + ")") == 0) self.restarted();
    } while (self.goes_on());
}

// Grows, deletes nearly all of it, VACUUMs.
void vacuuming(habit& self) {
    app db(self.path(), self.busy_ms());
    db.run(schema);
    db.run("CREATE TABLE IF NOT EXISTS ballast(id INTEGER PRIMARY KEY, x BLOB)");
    do {
        db.run("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<200) INSERT INTO ballast(x) SELECT randomblob(3000) FROM n");
        self.commit(db, 100);
        db.run("DELETE FROM ballast WHERE id % 10 != 0");
        db.run("VACUUM");
        self.commit(db, 100);
    } while (self.goes_on());
}

// Grows and shrinks by auto_vacuum, mode=full or incremental (which the database was created with).
void auto_vacuuming(habit& self) {
    app db(self.path(), self.busy_ms());
    db.run(schema);
    db.run("CREATE TABLE IF NOT EXISTS ballast(id INTEGER PRIMARY KEY, x BLOB)");
    do {
        db.run("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<50) INSERT INTO ballast(x) SELECT randomblob(3000) FROM n");
        self.commit(db, 100);
        db.run("DELETE FROM ballast WHERE id % 7 != 0");
        if (self.option("mode", "full") == "incremental") db.run("PRAGMA incremental_vacuum(20)");
        self.commit(db, 100);
    } while (self.goes_on());
}

// Begins to read, and keeps the transaction for as long as it lives.
void reading(habit& self) {
    app db(self.path(), self.busy_ms());
    db.run("BEGIN");
    db.number("SELECT count(*) FROM sqlite_schema");
    self.idle();
    db.run("COMMIT");
}

// One transaction of mib=N mebibytes that do not compress, when it is first asked; then it idles.
void one_huge_transaction(habit& self) {
    app db(self.path(), self.busy_ms());
    db.run(schema);
    db.run("CREATE TABLE IF NOT EXISTS ballast(id INTEGER PRIMARY KEY, x BLOB)");
    self.commit(db, 100);
    if (!self.goes_on()) return;
    // The same mebibyte of noise in every row: made once, and no page compresses.
    db.run("BEGIN");
    db.run("WITH RECURSIVE noise(x) AS MATERIALIZED (SELECT randomblob(1048576)), n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<" +
           self.option("mib", "1024") + ") INSERT INTO ballast(x) SELECT noise.x FROM n, noise");
    self.commit(db, 100);
    db.run("COMMIT");
    self.idle();
}

const std::map<std::string, std::function<void(habit&)>> habits{
    {"full_speed", full_speed}, {"reconnecting", reconnecting},     {"checkpointing", checkpointing}, {"vacuuming", vacuuming},
    {"reading", reading},       {"auto_vacuuming", auto_vacuuming}, {"one_huge_transaction", one_huge_transaction},
};

}  // namespace

int run_app(int argc, char** argv) {
    try {
        if (argc < 4) throw std::runtime_error("--app HABIT DB [KEY=VALUE...]");
        std::map<std::string, std::string> options;
        for (int i = 4; i < argc; ++i) {
            const std::string one = argv[i];
            const auto equals = one.find('=');
            options[one.substr(0, equals)] = one.substr(equals + 1);
        }
        habit self(argv[3], std::move(options));
        habits.at(argv[2])(self);
        std::printf("done %lld\n", static_cast<long long>(self.commits()));
        return 0;
    } catch (const std::exception& e) {
        std::fprintf(stderr, "%s: %s\n", argc > 2 ? argv[2] : "app", e.what());
        return 1;
    }
}

}  // namespace e2e
