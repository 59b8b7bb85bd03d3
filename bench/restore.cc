// Restoring a database of about 500 MB from a directory store, beside `cp` of that database on the same disk, both ending with the file
// synced. In turns. Usage: bench_restore [megabytes]; TMPDIR says on which disk.
#include <filesystem>

#include "bench/restores.h"
#include "io/directory_store.h"

namespace {

constexpr int rounds = 5;

}  // namespace

int main(int argc, char** argv) {
    const std::uint64_t megabytes = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 500;
    const std::string directory = bench::scratch_directory();
    const std::string database = directory + "/app.db", output = directory + "/restored.db";
    bench::make_database(database, megabytes);
    tests::real_environment world;
    auto store = world.run(io::directory_store::open(world.env, directory + "/store", io::directory_store::access::write));
    bench::back_up(world, *bench::need(store), directory);
    std::vector<double> copied, bare, quick;
    for (int round = 0; round < rounds; ++round) {
        const std::string copy = directory + "/copy.db";
        std::filesystem::remove(copy);
        copied.push_back(bench::time([&] { bench::shell("cp '" + database + "' '" + copy + "' && sync '" + copy + "'"); }));
        bare.push_back(bench::restore(world, **store, output, engine::integrity_level::none));
        quick.push_back(bench::restore(world, **store, output, engine::integrity_level::quick));
    }
    bench::shell("cmp '" + output + "' '" + directory + "/copy.db'");
    const double size = static_cast<double>(std::filesystem::file_size(output)) / 1e6;
    const double cp = bench::percentile(copied, 0.5), none = bench::percentile(bare, 0.5), checked = bench::percentile(quick, 0.5);
    std::printf("restore of %.0f MB from a directory store, byte for byte the database: cp and sync %.0f MB/s, flotilla %.0f MB/s (%.2f of cp), "
                "with SQLite's quick_check %.0f MB/s (%.2f of cp)\n",
                size, size / cp, size / none, cp / none, size / checked, cp / checked);
    std::filesystem::remove_all(directory);
    return 0;
}
