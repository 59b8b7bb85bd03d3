// What an open keep-alive connection takes in memory, after one PUT of 4 KiB, plain and over TLS: ours beside a bare socket with OpenSSL on
// it. From 10 and from 210 connections to a stub server, each in a process of its own; the kernel's buffers do not count.
// Usage: bench_s3_connections
#include <fmt/format.h>
#include <malloc.h>

#include <filesystem>
#include <fstream>
#include <functional>

#include "bench/raw_client.h"
#include "bench/stub_server.h"
#include "bench/timing.h"
#include "io/tcp_network.h"
#include "s3/connection_pool.h"
#include "tests/support/real_environment.h"

namespace {

constexpr std::size_t few = 10, many = 210;
constexpr std::size_t object_size = 4096;

struct memory {
    double heap = 0, resident = 0;  // bytes
};

memory used() {
    const struct mallinfo2 of_heap = ::mallinfo2();
    std::size_t total = 0, resident = 0;
    std::ifstream("/proc/self/statm") >> total >> resident;
    return {static_cast<double>(of_heap.uordblks + of_heap.hblkhd), static_cast<double>(resident) * static_cast<double>(::sysconf(_SC_PAGESIZE))};
}

// What `work` returns, from a process of its own.
memory alone(const std::function<memory()>& work) {
    std::array<int, 2> ends{};
    if (::pipe(ends.data()) != 0) bench::refuse("pipe failed");
    const pid_t child = ::fork();
    if (child == 0) {
        const memory made = work();
        ::_exit(::write(ends[1], &made, sizeof made) == sizeof made ? 0 : 1);
    }
    ::close(ends[1]);
    memory out;
    const bool complete = ::read(ends[0], &out, sizeof out) == sizeof out;
    ::close(ends[0]);
    int status = 0;
    if (::waitpid(child, &status, 0) != child || status != 0 || !complete) bench::refuse("a measurement failed");
    return out;
}

s3::http_request a_put() {
    return {"PUT", "/bench/object", "", {{"host", "127.0.0.1"}}, io::bytes(object_size, 0x5a)};
}

// Each connection stays leased until all are open.
io::task<void> open_all(s3::connection_pool& pool, std::size_t count) {
    std::vector<s3::connection_pool::lease> leases;
    const s3::http_request request = a_put();
    for (std::size_t i = 0; i < count; ++i) {
        auto lease = co_await pool.acquire(io::instant::max());
        leases.push_back(std::move(bench::need(lease)));
        s3::http_response answer;
        auto ended = co_await leases.back().connection().exchange(request, answer, {});
        bench::need_ok(ended);
        if (answer.head.status != 200) bench::refuse("the stub server did not say 200");
    }
}

memory of_pool(const bench::stub_server& stub, bool tls, std::size_t count) {
    tests::real_environment world;
    io::tcp_network net(world.env.on);
    io::peer to{"127.0.0.1", stub.port(tls), {}};
    if (tls) to.tls = io::tls_options{stub.ca_file(), true};
    s3::pool_limits limits;
    limits.most = count;
    s3::connection_pool pool(world.env, net, to, limits);
    world.run(open_all(pool, count));
    if (pool.open() != count || pool.leased() != 0) bench::refuse("not all connections are open and idle");
    return used();
}

memory of_sockets(const bench::stub_server& stub, bool tls, std::size_t count) {
    const s3::http_request request = a_put();
    std::string text = request.method + " " + request.path + " HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: " + std::to_string(object_size) + "\r\n\r\n";
    text.append(io::text_of(request.body.view()));
    bench::raw_client sockets(stub, tls, count);
    sockets.run(text, count);
    return used();
}

void measure(const bench::stub_server& stub, bool tls) {
    const auto each = [&](const auto& of, const char* what) {
        const bench::tally before = stub.seen();
        const memory less = alone([&] { return of(stub, tls, few); });
        const memory more = alone([&] { return of(stub, tls, many); });
        if (stub.seen().puts - before.puts != few + many) bench::refuse("the stub server did not get a PUT on each connection");
        constexpr double added = many - few;
        fmt::print("   {} {:.1f} kB on the heap ({:.1f} kB resident)", what, (more.heap - less.heap) / added / 1e3, (more.resident - less.resident) / added / 1e3);
    };
    fmt::print("  {:5}", tls ? "TLS" : "plain");
    each(of_pool, "flotilla");
    each(of_sockets, "bare");
    fmt::print("\n");
}

}  // namespace

int main() {
    const std::string directory = bench::scratch_directory();
    {
        const bench::stub_server stub(directory);
        fmt::print("memory of an idle keep-alive connection:\n");
        std::fflush(stdout);
        measure(stub, false);
        measure(stub, true);
    }
    std::filesystem::remove_all(directory);
}
