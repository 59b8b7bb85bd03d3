// From an application's commit to the object being durable in Ceph's RADOS gateway on this machine, min_interval 0, beside a bare PUT of as
// much to the same gateway on a kept connection. In turns, one at a time. Usage: bench_s3_commit
#include <filesystem>

#include "bench/commits.h"
#include "bench/gateway.h"

namespace {

constexpr int rounds = 500;

}  // namespace

int main() {
    const std::string directory = bench::scratch_directory();
    tests::real_environment world, of_application;
    io::tcp_network net(world.env.on), other_net(of_application.env.on);
    bench::gateway server(world);
    const auto store = server.store(world, net);
    auto client = server.client(of_application, other_net);
    const s3::shared_bytes object = io::bytes(700, 0x5a);  // about the size of the object of such a commit
    std::vector<double> puts;
    int n = 0;
    const auto bare_put = [&](bool counts) {
        const std::string key = fmt::format("bare/{}", n++);
        const double taken = bench::time([&] {
            auto done = of_application.run(client.send(s3::make_call(s3::operation::put_object, key, s3::put_object(server.where, key, object, {}, {}))));
            bench::need_ok(done);
        });
        if (counts) puts.push_back(taken);
    };
    const auto ours = bench::commits_to_durable(world, *store, directory, rounds, bare_put);
    fmt::print("commit to durable, RADOS gateway, {} commits one after another, restored and compared:\n", rounds);
    std::fflush(stdout);
    bench::print_times("flotilla", ours, ours);
    bench::print_times("one PUT of 700 bytes", puts, ours);
    std::filesystem::remove_all(directory);
}
