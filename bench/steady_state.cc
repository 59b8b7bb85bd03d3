// What following costs while all is well: CPU and bytes written to local disks for each commit of 50 databases at 20 commits a second
// each, with RADOS gateway as their store, beside what the application itself needs for the same commits. The program runs as itself
// (FLOTILLA), so that /proc tells what is its own. Usage: bench_steady_state [seconds]
#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <memory>
#include <set>
#include <thread>

#include "bench/application.h"
#include "tests/support/flotilla.h"
#include "tests/support/rgw.h"
#include "tests/support/sqlite.h"
#include "tests/support/usage.h"

namespace {

namespace fs = std::filesystem;
constexpr int databases = 50;
constexpr int rate = 20;

// All applications' commits, paced; how many.
int commit(std::vector<std::unique_ptr<bench::application>>& all, int for_seconds) {
    auto due = std::chrono::steady_clock::now();
    int count = 0;
    for (int round = 0; round < for_seconds * rate; ++round) {
        for (const auto& app : all) {
            app->run("INSERT INTO orders(who, what, token, n) VALUES('a customer', 'an item', randomblob(40), 1)");
            ++count;
            due += std::chrono::microseconds(1'000'000 / rate / databases);
            std::this_thread::sleep_until(due);
        }
    }
    return count;
}

// What in the state directory was written since.
std::set<std::string> written_since(const std::string& state, fs::file_time_type start) {
    std::set<std::string> out;
    for (const auto& each : fs::recursive_directory_iterator(state)) {
        if (each.is_regular_file() && each.last_write_time() > start) out.insert(fs::relative(each.path(), state).begin()->string());
    }
    return out;
}

void print(const char* who, const tests::usage& before, const tests::usage& after, int commits) {
    fmt::print("  {:<12} {:6.1f} us of CPU and {:7.0f} bytes written to disk for each commit\n", who, (after.cpu_seconds - before.cpu_seconds) * 1e6 / commits,
               static_cast<double>(after.written - before.written) / commits);
}

}  // namespace

int main(int argc, char** argv) {
    const int seconds = argc > 1 ? std::atoi(argv[1]) : 20;
    const std::string directory = bench::scratch_directory();
    fs::create_directories(directory + "/databases");
    auto& gateway = tests::rgw::shared();
    gateway.restart("--debug-rgw=0/0");
    const std::string store = gateway.make_bucket("steady");
    std::vector<std::unique_ptr<bench::application>> all;
    for (int i = 0; i < databases; ++i) {
        all.push_back(std::make_unique<bench::application>(fmt::format("{}/databases/{}.db", directory, i)));
        bench::make_orders(*all.back(), 100);
    }
    tests::watch run({directory + "/databases", "--to", store, "--state", directory + "/state", "--log-level", "warning"}, directory + "/log");
    run.await("attached", databases);
    commit(all, 3);  // warm
    const auto start = fs::file_time_type::clock::now();
    const auto objects = run.count("confirmed");
    const auto ours = tests::usage_of(run.pid()), theirs = tests::usage_of(::getpid());
    const int commits = commit(all, seconds);
    const auto ours_then = tests::usage_of(run.pid()), theirs_then = tests::usage_of(::getpid());
    const auto shipped = run.count("confirmed") - objects;
    std::string files;
    for (const auto& name : written_since(directory + "/state", start)) files += " " + name;
    if (run.stop() != 0) bench::refuse("flotilla ended with an error: " + run.log());
    for (int i = 0; i < databases; ++i) {
        const std::string name = fmt::format("{}.db", i);
        const auto done = tests::flotilla({"restore", name, "--from", store, "-o", directory + "/" + name});
        if (done.code != 0 || tests::dump(directory + "/" + name) != tests::dump(directory + "/databases/" + name)) bench::refuse(name + " restores wrongly");
    }
    fmt::print("{} databases at {} commits/s each, {} commits in {} objects, restored and compared:\n", databases, rate, commits, shipped);
    print("flotilla", ours, ours_then, commits);
    print("application", theirs, theirs_then, commits);
    fmt::print("  written in flotilla's state directory:{}\n", files);
    fs::remove_all(directory);
    return 0;
}
