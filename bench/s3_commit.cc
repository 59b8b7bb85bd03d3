// From an application's commit to the object being durable in Ceph's RADOS gateway on this machine, min_interval 0, beside a bare PUT of as
// much to the same gateway on a kept connection: by our store, in turns with the commits, and by curl, one half before the commits and the
// other after. All are conditional and signed, body included. Usage: bench_s3_commit
#include <filesystem>
#include <fstream>
#include <sstream>

#include "bench/commits.h"
#include "bench/gateway.h"
#include "tests/support/process.h"

namespace {

constexpr int rounds = 500;
constexpr std::size_t object_size = 700;  // about that of the object of such a commit

// The seconds of each of the PUTs that one curl makes, one after another; without the first, which connects.
std::vector<double> curl_puts(const bench::gateway& server, const io::bytes& data, const std::string& name, int count, const std::string& directory) {
    const std::string file = directory + "/object";
    std::ofstream(file, std::ios::binary).write(reinterpret_cast<const char*>(data.data()), static_cast<std::streamsize>(data.size()));
    const std::string url = fmt::format("http://{}{}-[0-{}]", server.where.at.host_header(), server.where.at.path("p/" + name), count);
    const auto curl = tests::run_process({"curl", "-sf", "-T", file, "-w", "%{http_code} %{num_connects} %{time_total}\n", "--aws-sigv4",
                                          "aws:amz:" + server.where.at.region + ":s3", "-u", server.keys().access_key + ":" + server.keys().secret_key.reveal(), "-H",
                                          "x-amz-content-sha256: " + s3::to_hex(s3::sha256(data)), "-H", "If-None-Match: *", url},
                                         {.out = tests::channel::pipe()});
    if (curl.code != 0) bench::refuse("curl failed");
    std::vector<double> out;
    std::istringstream lines(curl.out);
    int status = 0, connects = 0;
    for (double seconds = 0; lines >> status >> connects >> seconds; out.push_back(seconds)) {
        if (status != 200 || connects != (out.empty() ? 1 : 0)) bench::refuse("a PUT of curl's failed or took a new connection");
    }
    if (out.size() != static_cast<std::size_t>(count) + 1) bench::refuse("curl has not made every PUT");
    out.erase(out.begin());
    return out;
}

}  // namespace

int main() {
    const std::string directory = bench::scratch_directory();
    std::filesystem::create_directory(directory + "/work");
    tests::real_environment world, of_application;
    io::tcp_network net(world.env.on), other_net(of_application.env.on);
    bench::gateway server(world);
    const auto store = server.store(world, net), other_store = server.store(of_application, other_net);
    const io::bytes object(object_size, 0x5a);
    std::vector<double> puts;
    int n = 0;
    const auto bare_put = [&](bool counts) {
        const std::string key = fmt::format("bare/{}", n++);
        const double taken = bench::time([&] {
            auto done = of_application.run(other_store->put_if_absent(key, object, {world.env.time.wall_ms()}));
            bench::need_ok(done);
        });
        if (counts) puts.push_back(taken);
    };
    std::vector<double> curl = curl_puts(server, object, "before", rounds / 2, directory);
    const auto ours = bench::commits_to_durable(world, *store, directory + "/work", rounds, bare_put);
    std::ranges::copy(curl_puts(server, object, "after", rounds / 2, directory), std::back_inserter(curl));
    fmt::print("commit to durable, RADOS gateway, {} commits one after another, restored and compared:\n", rounds);
    std::fflush(stdout);
    bench::print_times("flotilla", ours, ours);
    bench::print_times("one PUT of 700 bytes", puts, ours);
    bench::print_times("one PUT of 700 bytes by curl", curl, ours);
    std::filesystem::remove_all(directory);
}
