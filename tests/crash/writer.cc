#include "tests/crash/writer.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <exception>
#include <fstream>
#include <random>
#include <stdexcept>
#include <thread>

namespace crash {

namespace {

volatile sig_atomic_t told_to_stop = 0;

void append(int log, std::uint64_t n) {
    const commit entry{n, wall_ns()};
    if (::write(log, &entry, sizeof entry) != sizeof entry) throw std::runtime_error("the writer's log cannot be written");
}

void pause_between_bursts(std::mt19937_64& dice, int& burst) {
    if (burst-- > 0) return;
    burst = static_cast<int>(dice() % 60);
    std::this_thread::sleep_for(std::chrono::milliseconds(1 + dice() % 100));
}

}  // namespace

std::int64_t wall_ns() {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now().time_since_epoch()).count();
}

void read_log(const std::string& path, std::vector<commit>& known) {
    std::ifstream in(path, std::ios::binary);
    in.seekg(static_cast<std::streamoff>(known.size() * sizeof(commit)));
    for (commit next; in.read(reinterpret_cast<char*>(&next), sizeof next);) known.push_back(next);
}

tests::process start_writer(const std::string& database, kind of, std::uint64_t seed, pace how, const std::string& log, const std::string& errors) {
    tests::process_options settings;
    settings.err = tests::channel::file(errors);
    const std::string numbers[] = {std::to_string(static_cast<int>(of)), std::to_string(seed), std::to_string(static_cast<int>(how))};
    return tests::process::start({"/proc/self/exe", "--writer", database, log, numbers[0], numbers[1], numbers[2]}, settings);
}

int run_writer(const std::vector<std::string>& arguments) try {
    ::signal(SIGTERM, [](int) { told_to_stop = 1; });
    const std::string& database = arguments.at(0);
    const kind of = all_kinds[std::stoul(arguments.at(2))];
    const pace how = pace(std::stoi(arguments.at(4)));
    const int log = ::open(arguments.at(1).c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    workload work(database, of, std::stoull(arguments.at(3)));
    if (work.committed() != 0) append(log, work.committed());
    std::mt19937_64 dice(std::random_device{}());
    int burst = 0;
    while (told_to_stop == 0) {
        append(log, work.commit_next());
        if (how == pace::calm) {
            std::this_thread::sleep_for(std::chrono::milliseconds(10));
        } else {
            pause_between_bursts(dice, burst);
        }
    }
    return 0;
} catch (const std::exception& e) {
    std::fprintf(stderr, "writer: %s\n", e.what());
    return 1;
}

}  // namespace crash
