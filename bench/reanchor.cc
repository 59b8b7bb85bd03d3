// A database of about 1 GB in which 10 pages were changed and checkpointed while nobody watched: from the start of the engine until the
// store has the difference, beside reading the file once. In turns. Usage: bench_reanchor [megabytes]; TMPDIR says on which disk.
#include <fmt/format.h>

#include <filesystem>

#include "bench/restores.h"
#include "io/directory_store.h"

namespace {

constexpr int rounds = 5;
constexpr int changes = 10;

struct outcome {
    double seconds = 0;
    std::uint64_t reanchors = 0;
};

// Until it is in step.
outcome attach(tests::real_environment& world, io::object_store& store, const std::string& directory) {
    outcome out;
    const double begun = bench::now();
    engine::options settings;
    settings.state_directory = directory + "/state";
    settings.lock_directory = directory + "/locks";
    settings.who = "bench";
    settings.targets.push_back({engine::target::what::file, "app.db", directory + "/app.db", {}});
    engine::engine fleet(world.env, store, settings);
    fleet.on_event([&](const engine::event& e) {
        if (e.kind == engine::event::what::reanchored) ++out.reanchors;
        if (e.kind != engine::event::what::attached) return;
        out.seconds = bench::now() - begun;
        fleet.stop();
    });
    auto end = world.run(fleet.run());
    bench::need_ok(end);
    return out;
}

// Some rows far from each other, each on a page of its own; nothing of it stays in the log.
void change(const std::string& database, std::uint64_t rows, int round) {
    bench::application app(database);
    for (int i = 0; i < changes; ++i) app.run(fmt::format("UPDATE orders SET n={} WHERE id={}", -round, rows / changes * static_cast<std::uint64_t>(i) + 1));
    app.run("PRAGMA wal_checkpoint(TRUNCATE)");
}

std::uint64_t bytes_in(const std::string& directory) {
    std::uint64_t out = 0;
    for (const auto& each : std::filesystem::recursive_directory_iterator(directory)) out += each.is_regular_file() ? each.file_size() : 0;
    return out;
}

}  // namespace

int main(int argc, char** argv) {
    const std::uint64_t megabytes = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 1100;
    const std::string directory = bench::scratch_directory();
    const std::string database = directory + "/app.db", output = directory + "/restored.db";
    bench::make_database(database, megabytes);
    tests::real_environment world;
    auto store = world.run(io::directory_store::open(world.env, directory + "/store", io::directory_store::access::write));
    bench::back_up(world, *bench::need(store), directory);
    std::vector<double> read, ours;
    const std::uint64_t before = bytes_in(directory + "/store");
    for (int round = 1; round <= rounds; ++round) {
        change(database, megabytes * bench::rows_per_megabyte, round);
        read.push_back(bench::time([&] { bench::shell("cat '" + database + "' > /dev/null"); }));
        const outcome now = attach(world, **store, directory);
        if (now.reanchors != 1) bench::refuse("it did not anchor anew");
        ours.push_back(now.seconds);
    }
    const std::uint64_t shipped = (bytes_in(directory + "/store") - before) / rounds;
    bench::application(database).run("PRAGMA wal_checkpoint(TRUNCATE)");
    (void)bench::restore(world, **store, output, engine::integrity_level::none);
    bench::shell("cmp '" + output + "' '" + database + "'");
    const double size = static_cast<double>(std::filesystem::file_size(database)) / 1e6;
    const double least = bench::percentile(read, 0.5), taken = bench::percentile(ours, 0.5);
    fmt::print("{} changed pages found again in {:.0f} MB, restored byte for byte: reading the file once {:.3f} s, flotilla {:.3f} s ({:.2f} times that), {} bytes shipped\n",
               changes, size, least, taken, taken / least, shipped);
    std::filesystem::remove_all(directory);
    return 0;
}
