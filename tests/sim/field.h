// The simplest world in which a promise can be put to the test: one database, the engine that follows it, an object store, and another
// machine on which it is restored. Nothing breaks unless the test breaks it.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "engine/restorer.h"
#include "tests/sim/model.h"
#include "tests/sim/station.h"
#include "tests/sim/store.h"

namespace sim {

class field {
public:
    static constexpr const char* path = "/data/app.db";
    static constexpr const char* stream = "app";

    explicit field(std::uint64_t seed, engine::stream_options how = {}, std::uint64_t page_size = 4096);
    // Ends well: the engine, if it runs, is killed.
    ~field();

    // Blocking code of the application with a connection of its own: to its end, or begun only, `ended` telling of its end.
    void app(const std::function<void(sqlite&)>& body);
    void begin_app(std::function<void(sqlite&)> body, bool& ended);
    // Inside such code: a transaction that changes a few rows of up to `most_bytes`. What it left is in `committed`.
    void commit(sqlite& db, std::uint64_t most_bytes = 2000);
    void commits(int count, std::uint64_t most_bytes = 2000);
    // Of the database as it is now.
    state live();

    // Starts the engine, and returns when it watches.
    void watch();
    // The TXID that the engine answers with. Throws if it answers with an error.
    std::uint64_t flush() { return ask([](engine::engine& of) { return of.flush(stream); }); }
    std::uint64_t snapshot() { return ask([](engine::engine& of) { return of.snapshot(stream); }); }
    void pass(io::duration how_long);

    struct restored {
        std::string problem;  // empty: it was restored, and its rows and pages are whole
        io::subject about = io::subject::general;
        std::uint64_t txid = 0;
        state found;
    };
    restored restore(engine::restore_target at);
    // Of the state with this id in `committed`; -1 if it never was.
    std::ptrdiff_t place_of(const state& one) const;
    std::string verify();  // the doubts
    // Keys of a level, in order.
    std::vector<std::string> objects(unsigned level) const;
    std::size_t count(engine::event::what kind) const;
    std::int64_t wall_ms() const { return machine.clocks.wall_ms(all.loop.now()); }

    world all;
    host& machine;
    host& desk;
    process& clerk;  // at the desk
    store_server server;
    std::vector<state> committed;  // in order
    std::vector<engine::event> events;
    station engine;

private:
    std::uint64_t ask(std::function<io::task<io::result<std::uint64_t>>(engine::engine&)> what);

    engine::stream_options how_;
    prng dice_;
    prng rows_;
    station::surroundings around_;
};

}  // namespace sim
