// A large object to and from Ceph's RADOS gateway on this machine, beside curl with the same gateway: our multipart upload beside one PUT of
// curl's, our ranged gets (four of 16 MiB at once, as a restore makes them) beside one GET of curl's. In turns; the median. The gateway uses
// the same cores, so these are times and their ratio, not the client's cost. Usage: bench_s3_large [MiB]
#include <filesystem>
#include <fstream>

#include "bench/gateway.h"
#include "bench/restores.h"
#include "io/task_group.h"

namespace {

constexpr int rounds = 5;
constexpr std::size_t piece = 16U << 20U;
constexpr int gets_at_once = 4;

io::bytes random_bytes(io::random& dice, std::size_t size) {
    io::bytes out(size);
    for (std::size_t at = 0; at + 8 <= size; at += 8) io::store_big<std::uint64_t>(out.data() + at, dice.next());
    return out;
}

io::task<void> put(io::object_store& store, std::string key, const io::bytes& data) {
    auto writer = co_await store.open_writer(key, {});
    for (std::size_t at = 0; at < data.size(); at += piece / 4) {
        const auto part = io::byte_view(data).subspan(at, std::min(piece / 4, data.size() - at));
        auto written = co_await bench::need(writer)->write(io::bytes(part.begin(), part.end()));
        bench::need_ok(written);
    }
    auto done = co_await bench::need(writer)->commit();
    bench::need_ok(done);
}

io::task<void> get_all(const io::environment& env, io::object_store& store, std::string key, const io::bytes& expected) {
    std::size_t next = 0;
    const auto worker = [&]() -> io::task<void> {
        while (next < expected.size()) {
            const std::size_t at = std::exchange(next, next + piece);
            auto got = co_await store.get(key, at, piece);
            const io::byte_view right = io::byte_view(expected).subspan(at, std::min(piece, expected.size() - at));
            if (!std::ranges::equal(bench::need(got), right)) bench::refuse("other bytes came back");
        }
    };
    io::task_group group(env.time, env.on);
    for (int i = 0; i < gets_at_once; ++i) group.spawn(worker());
    co_await group.join();
}

void report(const char* what, std::size_t size, const std::vector<double>& ours, const std::vector<double>& curl) {
    const double mebibytes = static_cast<double>(size) / (1 << 20);
    const double a = bench::percentile(ours, 0.5), b = bench::percentile(curl, 0.5);
    fmt::print("{} {:.0f} MiB: {:.0f} MiB/s, curl {:.0f} MiB/s: {:.2f} of its time\n", what, mebibytes, mebibytes / a, mebibytes / b, a / b);
}

}  // namespace

int main(int argc, char** argv) {
    const std::size_t size = (argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 256) << 20U;
    const std::string directory = bench::scratch_directory();
    tests::real_environment world;
    io::tcp_network net(world.env.on);
    bench::gateway server(world);
    const auto store = server.store(world, net);

    const io::bytes data = random_bytes(world.env.dice, size);
    const std::string file = directory + "/data";
    std::ofstream(file, std::ios::binary).write(reinterpret_cast<const char*>(data.data()), static_cast<std::streamsize>(size));
    std::vector<double> puts, curl_puts, gets, curl_gets;
    for (int i = 0; i < rounds; ++i) {
        const std::string key = fmt::format("object-{}", i), of_curl = fmt::format("curl-{}", i);
        const auto curl = [&](s3::http_request request) { return server.for_curl(std::move(request), world.env.time.wall_ms()); };
        puts.push_back(bench::time([&] { world.run(put(*store, key, data)); }));
        curl_puts.push_back(bench::time([&] { bench::shell(curl(s3::put_object(server.where, "p/" + of_curl, {}, {}, {})) + "-T " + file); }));
        gets.push_back(bench::time([&] { world.run(get_all(world.env, *store, key, data)); }));
        curl_gets.push_back(bench::time([&] { bench::shell(curl(s3::get_object(server.where, "p/" + of_curl, 0, {}, "")) + "-o " + directory + "/back"); }));
        bench::shell("cmp -s " + file + " " + directory + "/back");
        for (const std::string& name : {key, of_curl}) {
            auto removed = world.run(store->remove(name));
            bench::need_ok(removed);
        }
    }
    report("put", size, puts, curl_puts);
    report("get", size, gets, curl_gets);
    std::filesystem::remove_all(directory);
}
