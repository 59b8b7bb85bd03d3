// Large objects to and from Ceph's RADOS gateway on this machine, beside curl with the same gateway and the same signed requests: one PUT and
// one GET of 64 MiB; a multipart upload beside one PUT of curl's; ranged gets (four of 16 MiB at once, as a restore makes them) beside one GET
// of curl's. In turns; the medians of time and of the client's CPU. The gateway uses the same cores. curl gets its hashes for nothing, and
// writes to a file; ours compares what it got. Usage: bench_s3_large [MiB of the larger object]
#include <sys/resource.h>

#include <filesystem>
#include <fstream>

#include "bench/gateway.h"
#include "bench/restores.h"
#include "io/task_group.h"

namespace {

constexpr int rounds = 5;
constexpr std::size_t smaller = 64U << 20U;
constexpr std::size_t piece = 16U << 20U;
constexpr int gets_at_once = 4;

io::bytes random_bytes(io::random& dice, std::size_t size) {
    io::bytes out(size);
    for (std::size_t at = 0; at + 8 <= size; at += 8) io::store_big<std::uint64_t>(out.data() + at, dice.next());
    return out;
}

// Of this process, or of its children that have ended: seconds.
double cpu(int whose) {
    rusage used{};
    ::getrusage(whose, &used);
    return static_cast<double>(used.ru_utime.tv_sec + used.ru_stime.tv_sec) + static_cast<double>(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

struct samples {
    std::vector<double> took, used;
    template <class F>
    void add(int whose, const F& work) {
        const double before = cpu(whose);
        took.push_back(bench::time(work));
        used.push_back(cpu(whose) - before);
    }
};

struct comparison {
    samples ours, curl;
    void print(const char* what, std::size_t size) const {
        const double mebibytes = static_cast<double>(size) / (1 << 20);
        const auto median = [](const std::vector<double>& of) { return bench::percentile(of, 0.5); };
        fmt::print("  {:28} {:4.0f} MiB: {:4.0f} MiB/s, curl {:4.0f} MiB/s: {:.2f} of its time; CPU {:.2f} and {:.2f} ms a MiB\n", what, mebibytes,
                   mebibytes / median(ours.took), mebibytes / median(curl.took), median(ours.took) / median(curl.took), 1e3 * median(ours.used) / mebibytes,
                   1e3 * median(curl.used) / mebibytes);
    }
};

std::vector<io::bytes> pieces_of(const io::bytes& data, std::size_t size) {
    std::vector<io::bytes> out;
    for (std::size_t at = 0; at < data.size(); at += size) {
        const auto part = io::byte_view(data).subspan(at, std::min(size, data.size() - at));
        out.emplace_back(part.begin(), part.end());
    }
    return out;
}

io::task<void> put_parts(io::object_store& store, std::string key, std::vector<io::bytes> pieces) {
    auto writer = co_await store.open_writer(key, {});
    for (auto& each : pieces) {
        auto written = co_await bench::need(writer)->write(std::move(each));
        bench::need_ok(written);
    }
    auto done = co_await bench::need(writer)->commit();
    bench::need_ok(done);
}

io::task<void> get_at(io::object_store& store, const std::string& key, const io::bytes& expected, std::size_t at, std::size_t size) {
    auto got = co_await store.get(key, at, size);
    const io::byte_view right = io::byte_view(expected).subspan(at, std::min(size, expected.size() - at));
    if (!std::ranges::equal(bench::need(got), right)) bench::refuse("other bytes came back");
}

io::task<void> get_ranges(const io::environment& env, io::object_store& store, std::string key, const io::bytes& expected) {
    std::size_t next = 0;
    const auto worker = [&]() -> io::task<void> {
        while (next < expected.size()) {
            const std::size_t at = std::exchange(next, next + piece);
            co_await get_at(store, key, expected, at, piece);
        }
    };
    io::task_group group(env.time, env.on);
    for (int i = 0; i < gets_at_once; ++i) group.spawn(worker());
    co_await group.join();
}

// An object of that size, by `put`, which is given it in pieces of that size, and `get`, beside curl. Each turn has names of its own, which
// it removes.
template <class Put, class Get>
void compare(tests::real_environment& world, const bench::gateway& server, s3::store& store, const std::string& directory, std::size_t size,
             std::size_t at_once, const std::array<const char*, 2>& names, const Put& put, const Get& get) {
    const io::bytes data = random_bytes(world.env.dice, size);
    const s3::shared_bytes body(data);
    const std::string file = directory + "/data", back = directory + "/back";
    std::ofstream(file, std::ios::binary).write(reinterpret_cast<const char*>(data.data()), static_cast<std::streamsize>(size));
    comparison puts, gets;
    for (int i = 0; i < rounds; ++i) {
        const std::string key = fmt::format("object-{}", i), of_curl = fmt::format("curl-{}", i);
        const auto curl = [&](s3::http_request request) { return server.for_curl(std::move(request), world.env.time.wall_ms()); };
        const std::string upload = curl(s3::put_object(server.where, "p/" + of_curl, body, {}, {})) + "-T " + file;
        const std::string download = curl(s3::get_object(server.where, "p/" + of_curl, 0, {}, "")) + "-o " + back;
        std::vector<io::bytes> pieces = pieces_of(data, at_once);
        puts.ours.add(RUSAGE_SELF, [&] { world.run(put(key, std::move(pieces))); });
        puts.curl.add(RUSAGE_CHILDREN, [&] { bench::shell(upload); });
        gets.ours.add(RUSAGE_SELF, [&] { world.run(get(key, data)); });
        gets.curl.add(RUSAGE_CHILDREN, [&] { bench::shell(download); });
        bench::shell("cmp -s " + file + " " + back);
        for (const std::string& name : {key, of_curl}) {
            auto removed = world.run(store.remove(name));
            bench::need_ok(removed);
        }
    }
    puts.print(names[0], size);
    gets.print(names[1], size);
    std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
    const std::size_t larger = (argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 256) << 20U;
    const std::string directory = bench::scratch_directory();
    tests::real_environment world;
    io::tcp_network net(world.env.on);
    bench::gateway server(world);
    const auto store = server.store(world, net);
    const auto put_whole = [&](std::string key, std::vector<io::bytes> pieces) -> io::task<void> {
        auto put = co_await store->put_if_absent(std::move(key), std::move(pieces[0]), {});
        bench::need_ok(put);
    };
    const auto get_whole = [&](const std::string& key, const io::bytes& data) { return get_at(*store, key, data, 0, data.size()); };
    const auto upload = [&](const std::string& key, std::vector<io::bytes> pieces) { return put_parts(*store, key, std::move(pieces)); };
    const auto download = [&](const std::string& key, const io::bytes& data) { return get_ranges(world.env, *store, key, data); };
    fmt::print("large objects, RADOS gateway, every byte compared:\n");
    std::fflush(stdout);
    compare(world, server, *store, directory, smaller, smaller, {"one PUT", "one GET"}, put_whole, get_whole);
    compare(world, server, *store, directory, larger, piece / 4, {"multipart upload, one PUT", "ranged gets, one GET"}, upload, download);
    std::filesystem::remove_all(directory);
}
