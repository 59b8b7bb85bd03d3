// The simulated world: hosts with disks and clocks, processes on them, and one loop that runs it all from one seed. There is one world at a
// time in a program; while it exists SQLite opens everything on its disks.
//
//   sim::world all(seed);
//   sim::host& machine = all.add_host("a");
//   sim::process& app = all.start(machine, "app");
//   all.bodies.start(app.id, [&] { ... blocking code, real SQLite ... });
//   all.run([&] { return done; }, 60s);
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "io/environment.h"
#include "tests/sim/clock.h"
#include "tests/sim/dice.h"
#include "tests/sim/disk.h"
#include "tests/sim/file_system.h"
#include "tests/sim/journal.h"
#include "tests/sim/threads.h"
#include "tests/sim/watcher.h"

namespace sim {

class world;

struct host {
    std::string name;
    sim::disk disk;
    host_clocks clocks;
    watcher_habits events;
    bool cut_off = false;  // from every other host
    std::optional<io::instant> asleep{};  // what its monotonic clock shows meanwhile
};

// What one process has of the world. Stays where it is after the process was killed.
struct process {
    process(world& in, host& on, process_id number, std::string what);

    process_id id;
    host& machine;
    std::string name;
    io::instant born;
    sim::file_system files;
    sim::clock time;
    sim::dice random;
    sim::offload pool;
    sim::journal log;
    io::environment env;
};

// What a simulation found wrong: the world's own trouble (deadlock, time limit) or a broken promise of the engine.
struct failure : std::runtime_error {
    using std::runtime_error::runtime_error;
};

class world {
public:
    explicit world(std::uint64_t seed);
    ~world();
    world(const world&) = delete;
    world& operator=(const world&) = delete;

    const std::uint64_t seed;
    trace history;
    scheduler loop;
    threads bodies;

    // A stream of random numbers of its own.
    prng stream(std::string_view name) const { return prng(seed, name); }
    host& add_host(const std::string& name);
    process& start(host& on, const std::string& name);
    process& of(process_id who) { return *processes_.at(who - 1); }

    // SIGKILL.
    void kill(process& one);
    // Are told of each death when it has happened, and whether the host lost power.
    std::vector<std::function<void(const process&, bool power_lost)>> when_killed;
    // Nothing of the host runs, and its monotonic clock stands still, until it is woken up.
    void put_to_sleep(host& one);
    void wake_up(host& one);
    // Every process of the host dies, and of its disk only what was synced is certain to be there.
    void lose_power(host& one);

    // Runs until `over` says so. Throws failure if that does not happen within `limit` of virtual time or if nothing can happen any more.
    void run(const std::function<bool()>& over, io::duration limit);
    // Runs a coroutine of `who` to its end.
    void run(process& who, io::task<void> work, io::duration limit);

    template <class... T>
    void note(fmt::format_string<T...> text, T&&... values) { history.note(loop.now(), text, std::forward<T>(values)...); }
    // Ends run(), wherever this is thrown: code of the engine may have an exception end in a coroutine that nobody asks.
    [[noreturn]] void fail(std::string why);
    // The same a little later, for who is called by the engine: what is thrown there is not seen here.
    void fail_soon(std::string why);

private:
    void end(process& one, bool power_lost);

    std::vector<std::unique_ptr<host>> hosts_;
    std::vector<std::unique_ptr<process>> processes_;  // in the order of their ids, from 1
    std::optional<std::string> broken_;                // the first failure
};

}  // namespace sim
