// A database of some size into a store and back.
#pragma once

#include <filesystem>

#include "bench/application.h"
#include "bench/timing.h"
#include "engine/engine.h"
#include "engine/restorer.h"
#include "tests/support/real_environment.h"

namespace bench {

constexpr std::uint64_t rows_per_megabyte = 8000;

inline void shell(const std::string& command) {
    if (std::system(command.c_str()) != 0) refuse(command + " failed");
}

// About that many megabytes at `path`, with an empty log.
inline void make_database(const std::string& path, std::uint64_t megabytes) {
    application app(path);
    make_orders(app, megabytes * rows_per_megabyte);
    app.run("PRAGMA wal_checkpoint(TRUNCATE)");
}

// Fills the store with the snapshot that begins a stream of `directory`/app.db, and leaves the database with an empty log.
inline void back_up(tests::real_environment& world, io::object_store& store, const std::string& directory) {
    engine::options settings;
    settings.state_directory = directory + "/state";
    settings.lock_directory = directory + "/locks";
    settings.who = "bench";
    settings.targets.push_back({engine::target::what::file, "app.db", directory + "/app.db", {}});
    engine::engine fleet(world.env, store, settings);
    fleet.on_event([&](const engine::event& e) {
        if (e.kind == engine::event::what::attached) fleet.stop();
    });
    auto end = world.run(fleet.run());
    need_ok(end);
    application(directory + "/app.db").run("PRAGMA wal_checkpoint(TRUNCATE)");
}

// Seconds from the store to `output`, synced.
inline double restore(tests::real_environment& world, io::object_store& store, const std::string& output, engine::integrity_level integrity) {
    std::filesystem::remove(output);
    engine::restore_request request;
    request.stream = "app.db";
    request.output = output;
    request.integrity = integrity;
    return time([&] {
        auto report = world.run(engine::restore(world.env, store, request));
        if (!need(report).database_checksum) refuse("no database checksum was compared");
    });
}

}  // namespace bench
