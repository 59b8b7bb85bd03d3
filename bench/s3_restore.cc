// Restoring a database of about 500 MB from Ceph's RADOS gateway on this machine, beside curl that downloads the raw database from the same
// gateway, both ending with the file synced. In turns. The gateway uses the same cores. Usage: bench_s3_restore [megabytes]
#include "bench/gateway.h"
#include "bench/restores.h"

namespace {

constexpr int rounds = 3;

}  // namespace

int main(int argc, char** argv) {
    const std::uint64_t megabytes = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 500;
    const std::string directory = bench::scratch_directory();
    const std::string database = directory + "/app.db", output = directory + "/restored.db", copy = directory + "/copy.db";
    bench::make_database(database, megabytes);
    tests::real_environment world;
    io::tcp_network net(world.env.on);
    bench::gateway server(world);
    const auto store = server.store(world, net);
    bench::back_up(world, *store, directory);
    const auto now = [&] { return world.env.time.wall_ms(); };
    bench::shell(server.for_curl(s3::put_object(server.where, "p/raw", {}, {}, {}), now()) + "-T " + database);
    std::vector<double> downloaded, bare, quick;
    for (int round = 0; round < rounds; ++round) {
        std::filesystem::remove(copy);
        const std::string download = server.for_curl(s3::get_object(server.where, "p/raw", 0, {}, ""), now());
        downloaded.push_back(bench::time([&] { bench::shell(download + "-o " + copy + " && sync " + copy); }));
        bare.push_back(bench::restore(world, *store, output, engine::integrity_level::none));
        quick.push_back(bench::restore(world, *store, output, engine::integrity_level::quick));
    }
    bench::shell("cmp " + output + " " + copy);
    const double size = static_cast<double>(std::filesystem::file_size(output)) / 1e6;
    const double curl = bench::percentile(downloaded, 0.5), none = bench::percentile(bare, 0.5), checked = bench::percentile(quick, 0.5);
    fmt::print("restore of {:.0f} MB from a RADOS gateway, byte for byte the database: curl and sync {:.0f} MB/s, flotilla {:.0f} MB/s ({:.2f} of curl), "
               "with SQLite's quick_check {:.0f} MB/s ({:.2f} of curl)\n",
               size, size / curl, size / none, curl / none, size / checked, curl / checked);
    std::filesystem::remove_all(directory);
}
