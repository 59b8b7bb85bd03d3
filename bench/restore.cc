// Restoring a database of about 500 MB from a directory store, beside `cp` of that database on the same disk, both ending with the file
// synced. In turns. Usage: bench_restore [megabytes]; TMPDIR says on which disk.
#include <sys/wait.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <filesystem>

#include "bench/application.h"
#include "bench/timing.h"
#include "engine/engine.h"
#include "engine/restorer.h"
#include "io/directory_store.h"
#include "tests/support/real_environment.h"

namespace {

constexpr int rounds = 5;
constexpr std::uint64_t rows_per_megabyte = 8000;

void shell(const std::string& command) {
    if (std::system(command.c_str()) != 0) bench::refuse(command + " failed");
}

// Fills the store: the snapshot that begins a stream.
void back_up(tests::real_environment& world, io::object_store& store, const std::string& directory) {
    engine::options settings;
    settings.state_directory = directory + "/state";
    settings.lock_directory = directory + "/locks";
    settings.who = "bench_restore";
    settings.targets.push_back({engine::target::what::file, "app.db", directory + "/app.db", {}});
    engine::engine fleet(world.env, store, settings);
    fleet.on_event([&](const engine::event& e) {
        if (e.kind == engine::event::what::attached) fleet.stop();
    });
    auto end = world.run(fleet.run());
    if (!end) bench::refuse(end.error().context);
}

double restore(tests::real_environment& world, io::object_store& store, const std::string& output, engine::integrity_level integrity) {
    std::filesystem::remove(output);
    engine::restore_request request;
    request.stream = "app.db";
    request.output = output;
    request.integrity = integrity;
    return bench::time([&] {
        auto report = world.run(engine::restore(world.env, store, request));
        if (!bench::need(report).database_checksum) bench::refuse("no database checksum was compared");
    });
}

}  // namespace

int main(int argc, char** argv) {
    const std::uint64_t megabytes = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 500;
    const std::string directory = bench::scratch_directory();
    const std::string database = directory + "/app.db", output = directory + "/restored.db";
    {
        bench::application app(database);
        bench::make_orders(app, megabytes * rows_per_megabyte);
        app.run("PRAGMA wal_checkpoint(TRUNCATE)");
    }
    tests::real_environment world;
    auto store = world.run(io::directory_store::open(world.env, directory + "/store", io::directory_store::access::write));
    back_up(world, *bench::need(store), directory);
    {
        bench::application app(database);
        app.run("PRAGMA wal_checkpoint(TRUNCATE)");
    }
    std::vector<double> copied, bare, quick;
    for (int round = 0; round < rounds; ++round) {
        const std::string copy = directory + "/copy.db";
        std::filesystem::remove(copy);
        copied.push_back(bench::time([&] { shell("cp '" + database + "' '" + copy + "' && sync '" + copy + "'"); }));
        bare.push_back(restore(world, **store, output, engine::integrity_level::none));
        quick.push_back(restore(world, **store, output, engine::integrity_level::quick));
    }
    shell("cmp '" + output + "' '" + directory + "/copy.db'");
    const double size = static_cast<double>(std::filesystem::file_size(output)) / 1e6;
    const double cp = bench::percentile(copied, 0.5), none = bench::percentile(bare, 0.5), checked = bench::percentile(quick, 0.5);
    std::printf("restore of %.0f MB from a directory store, byte for byte the database: cp and sync %.0f MB/s, flotilla %.0f MB/s (%.2f of cp), "
                "with SQLite's quick_check %.0f MB/s (%.2f of cp)\n",
                size, size / cp, size / none, cp / none, size / checked, cp / checked);
    std::filesystem::remove_all(directory);
    return 0;
}
