// The other side of the drills: one process that writes many databases at a pace. The n-th commit of a database adds row n with a text that
// follows from its name and n, so that what comes back can be held, row by row, against how many commits returned.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "tests/support/process.h"

namespace drill {

enum class habit {
    kept,      // one connection a database for all of its life
    statement  // a connection for every commit
};

// Throws std::runtime_error, as does everything here, if the process ends or one of its statements fails: the application was hurt.
class writers {
public:
    // Creates the databases that are missing (in WAL mode), makes one commit in each and returns. `rate`: commits a second and database;
    // 0: only when told to. On a machine that cannot keep the pace it writes as fast as it can.
    writers(std::vector<std::string> paths, int rate, habit how = habit::kept);

    // The commits that have returned, by path.
    std::map<std::string, std::int64_t> counts();
    // Waits until each database has so many more.
    void await_commits(std::int64_t more);
    // One more commit, now, in each of these.
    void commit(const std::vector<std::string>& paths);
    // Another database, created if missing, with one commit.
    void add(const std::string& path);
    // Closes this one, as its only user, and goes on without it; its commits.
    std::int64_t drop(const std::string& path);
    // Ends the process; counts() at the end.
    std::map<std::string, std::int64_t> finish();

private:
    std::string ask(const std::string& question);

    std::vector<std::string> paths_;
    tests::process process_;
};

// What is wrong with a database that should hold exactly the first `commits` commits of the database `name`; empty if it does.
std::string compare(const std::string& path, const std::string& name, std::int64_t commits);

// What main() does for such a process.
int run_writers(const std::vector<std::string>& arguments);

}  // namespace drill
