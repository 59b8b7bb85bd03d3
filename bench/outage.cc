// How long it takes and how many objects it costs until everything is durable again after the store was gone: 20 databases at 50 commits
// a second each, RADOS gateway. Beside it, one curl that puts as many objects with as many bytes, one after another on one connection.
// Usage: bench_outage [seconds]
#include <fmt/format.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <thread>

#include "bench/application.h"
#include "tests/support/flotilla.h"
#include "tests/support/rgw.h"
#include "tests/support/sqlite.h"

namespace {

namespace fs = std::filesystem;
constexpr int databases = 20;
constexpr int rate = 50;

int commit(std::vector<std::unique_ptr<bench::application>>& all, int for_seconds) {
    auto due = std::chrono::steady_clock::now();
    int count = 0;
    for (int round = 0; round < for_seconds * rate; ++round) {
        for (const auto& app : all) {
            app->run("INSERT INTO orders(who, what, token, n) VALUES('a customer', 'an item', randomblob(40), 1)");
            ++count;
        }
        due += std::chrono::milliseconds(1000 / rate);
        std::this_thread::sleep_until(due);
    }
    return count;
}

// Seconds for that many PUTs of that many bytes in all.
double curl_puts(tests::rgw& server, std::size_t objects, std::uint64_t bytes, const std::string& directory) {
    std::ofstream(directory + "/object", std::ios::binary) << std::string(bytes / objects, 'x');
    const std::string command = fmt::format(
        "curl -sf -o /dev/null -T '{}/object' --aws-sigv4 'aws:amz:{}:s3' -u '{}:{}' -H 'x-amz-content-sha256: UNSIGNED-PAYLOAD' '{}/outage/curl-[1-{}]'",
        directory, server.region(), server.access_key(), server.secret_key(), server.http(), objects);
    return bench::time([&] {
        if (std::system(command.c_str()) != 0) bench::refuse("curl failed");
    });
}

}  // namespace

int main(int argc, char** argv) {
    const int seconds = argc > 1 ? std::atoi(argv[1]) : 20;
    const std::string directory = bench::scratch_directory();
    fs::create_directories(directory + "/databases");
    auto& gateway = tests::rgw::shared();
    const std::string store = gateway.make_bucket("outage");
    std::vector<std::unique_ptr<bench::application>> all;
    for (int i = 0; i < databases; ++i) {
        all.push_back(std::make_unique<bench::application>(fmt::format("{}/databases/{}.db", directory, i)));
        bench::make_orders(*all.back(), 100);
    }
    tests::watch run({directory + "/databases", "--to", store, "--state", directory + "/state", "--log-level", "warning", "--drain-limit", "10m"}, directory + "/log");
    run.await("attached", databases);
    commit(all, 2);
    gateway.pause();
    const auto before = run.count("confirmed");
    const int commits = commit(all, seconds);
    gateway.restart("--debug-rgw=0/0");
    int code = 0;
    const double drained = bench::time([&] { code = run.stop(); });
    if (code != 0) bench::refuse("flotilla ended with an error: " + run.log());
    const auto objects = run.count("confirmed") - before;
    for (int i = 0; i < databases; ++i) {
        const std::string name = fmt::format("{}.db", i);
        const auto done = tests::flotilla({"restore", name, "--from", store, "-o", directory + "/" + name});
        if (done.code != 0 || tests::dump(directory + "/" + name) != tests::dump(directory + "/databases/" + name)) bench::refuse(name + " restores wrongly");
    }
    const std::uint64_t rows = static_cast<std::uint64_t>(commits) * 130;
    const double curl = curl_puts(gateway, objects, rows, directory);
    fmt::print("store gone for {} s under {} commits in {} databases, then restored and compared: all durable {:.2f} s after it came back, with {} objects "
               "where {} ticks were missed; as many PUTs with the rows' {:.1f} MB by one curl {:.2f} s\n",
               seconds, commits, databases, drained, objects, databases * seconds, static_cast<double>(rows) / 1e6, curl);
    fs::remove_all(directory);
    return 0;
}
