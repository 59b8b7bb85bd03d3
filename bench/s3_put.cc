// What a PUT of 4 KiB costs the client, in CPU of its only thread: the store on 32 keep-alive connections, beside a raw client that sends
// the same bytes ready made, both to one stub server in another process; and signing alone. Over plain TCP and over TLS. In turns.
// Usage: bench_s3_put [PUTs a turn]
#include <fmt/format.h>
#include <sys/resource.h>
#include <time.h>

#include <filesystem>

#include "bench/raw_client.h"
#include "bench/stub_server.h"
#include "bench/timing.h"
#include "io/task_group.h"
#include "io/tcp_network.h"
#include "s3/store.h"
#include "tests/support/fixed_credentials.h"
#include "tests/support/real_environment.h"

namespace {

constexpr int rounds = 7;
constexpr std::size_t connections = 32;
constexpr std::size_t object_size = 4096;
const s3::credentials keys{"AKIDEXAMPLE", s3::secret("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"), {}, {}};

// CPU of this thread, seconds.
struct cpu {
    double all = 0, kernel = 0;
};

cpu used() {
    timespec at{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &at);
    rusage split{};
    ::getrusage(RUSAGE_THREAD, &split);
    return {static_cast<double>(at.tv_sec) + static_cast<double>(at.tv_nsec) / 1e9,
            static_cast<double>(split.ru_stime.tv_sec) + static_cast<double>(split.ru_stime.tv_usec) / 1e6};
}

template <class F>
cpu cost(std::size_t count, const F& work) {
    const cpu before = used();
    work();
    const cpu after = used();
    const auto n = static_cast<double>(count);
    return {(after.all - before.all) / n, (after.kernel - before.kernel) / n};
}

const io::bytes object = [] {
    io::bytes out(object_size);
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = static_cast<std::uint8_t>(i * 2654435761U >> 13);
    return out;
}();

io::task<void> put_in_turn(s3::store& store, std::size_t& next, std::size_t end) {
    while (next < end) {
        std::string key = fmt::format("0000/{:016x}-{:016x}.ltx", next, next);
        ++next;
        auto put = co_await store.put_if_absent(std::move(key), object, {1'790'000'000'000});
        bench::need_ok(put);
    }
}

io::task<void> put_all(const io::environment& env, s3::store& store, std::size_t count) {
    std::size_t next = 0;
    io::task_group group(env.time, env.on);
    for (std::size_t i = 0; i < connections; ++i) group.spawn(put_in_turn(store, next, count));
    co_await group.join();
}

// What the store sends, signed but without its signature where `signed_too` is false.
s3::http_request request_to(const s3::store_url& where, const io::bytes& data) {
    const s3::metadata about{{"litestream-timestamp", "2026-09-21T14:13:20.000000000Z"}};
    return s3::put_object(where, "p/0000/0000000000000001-0000000000000001.ltx", data, about, {s3::write_condition::kind::if_absent, {}});
}

std::string wire_text(const s3::http_request& request) {
    std::string text = request.method + " " + request.target() + " HTTP/1.1\r\n";
    for (const auto& header : request.headers) text += header.name + ": " + header.value + "\r\n";
    text += "content-length: " + std::to_string(request.body.size()) + "\r\n\r\n";
    return text.append(io::text_of(request.body.view()));
}

struct samples {
    std::vector<double> raw, raw_kernel, store, store_kernel, signing;
    void add(const cpu& of_raw, const cpu& of_store, const cpu& of_signing) {
        raw.push_back(of_raw.all);
        raw_kernel.push_back(of_raw.kernel);
        store.push_back(of_store.all);
        store_kernel.push_back(of_store.kernel);
        signing.push_back(of_signing.all);
    }
};

void check(const bench::stub_server& stub, const bench::tally& before, std::size_t puts) {
    const bench::tally now = stub.seen();
    const std::uint64_t sum = puts * bench::sum_of(io::text_of(object));
    if (now.puts - before.puts != puts || now.bytes - before.bytes != puts * object_size || now.sum - before.sum != sum)
        bench::refuse("the stub server did not get what was sent");
}

void measure(const bench::stub_server& stub, bool tls, std::size_t count) {
    tests::real_environment world;
    io::tcp_network net(world.env.on);
    tests::fixed_credentials source(keys);
    s3::store_settings settings;
    const std::string url = fmt::format("s3://bench/p?endpoint={}{}", stub.url(tls), tls ? "&ca=" + stub.ca_file() : "");
    auto where = s3::parse_store_url(url, {});
    settings.where = bench::need(where);
    auto store = world.run(s3::store::open(world.env, net, source, settings, s3::store::access::write));
    bench::need(store);

    s3::signer signer(settings.where.at.region);
    s3::http_request request = request_to(settings.where, object);
    const auto sign = [&] { signer.sign(request, keys, world.env.time.wall_ms(), settings.where.signing); };
    sign();
    const std::string text = wire_text(request);
    bench::raw_client raw(stub, tls, connections);
    samples out;
    for (int round = 0; round <= rounds; ++round) {
        const bench::tally before = stub.seen();
        const cpu least = cost(count, [&] { raw.run(text, count); });
        const cpu ours = cost(count, [&] { world.run(put_all(world.env, **store, count)); });
        const cpu signing = cost(count, [&] {
            for (std::size_t i = 0; i < count; ++i) sign();
        });
        check(stub, before, 2 * count);
        if (round > 0) out.add(least, ours, signing);
    }
    const auto us = [](const std::vector<double>& of) { return bench::percentile(of, 0.5) * 1e6; };
    std::printf("  %-5s raw client %5.1f us (%4.1f in the kernel)   store %5.1f us (%4.1f in the kernel)   signing alone %4.1f us   "
                "store without signing %.2f times raw\n",
                tls ? "TLS" : "plain", us(out.raw), us(out.raw_kernel), us(out.store), us(out.store_kernel), us(out.signing),
                (us(out.store) - us(out.signing)) / us(out.raw));
}

}  // namespace

int main(int argc, char** argv) {
    const std::size_t count = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 10'000;
    const std::string directory = bench::scratch_directory();
    {
        const bench::stub_server stub(directory);
        std::printf("client CPU of a PUT of 4 KiB on %zu keep-alive connections, every body counted by the server:\n", connections);
        measure(stub, false, count);
        measure(stub, true, count);
    }
    std::filesystem::remove_all(directory);
    return 0;
}
