// flotilla-dst: runs seeds. Each seed is a process of its own, so that a crash is a finding and what killed processes leave is gone.
#include <sys/wait.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string>

#include "tests/sim/simulation.h"

namespace {

struct request {
    std::uint64_t seed = 1;
    std::uint64_t count = 1;
    std::uint64_t minutes = 0;
    std::string only;
    std::string regressions;
    bool twice = false;
    bool loud = false;
};

// What the child tells its parent.
struct word {
    std::uint64_t hash = 0;
    std::uint64_t steps = 0;
    std::uint64_t virtual_ms = 0;
    std::uint64_t commits = 0;
    std::uint64_t confirmed = 0;
    std::uint64_t restored = 0;
    std::uint64_t deaths = 0;
    bool well = false;
};

word run_here(const std::string& scenario, std::uint64_t seed, bool loud) {
    // Never destroyed: a run that failed stopped in the middle, and the process ends anyway.
    auto& one = *new sim::simulation(sim::draw_scenario(scenario, seed), seed);
    one.history().loud = loud;
    const sim::outcome out = one.run();
    if (!out.failed.empty()) {
        std::fprintf(stderr, "\n");
        if (!loud) for (const auto& line : one.history().newest()) std::fprintf(stderr, "%s\n", line.c_str());
        std::fprintf(stderr, "\nFAILED: %s\n", out.failed.c_str());
    }
    return {out.hash, out.steps, out.virtual_ms, out.commits, out.confirmed, out.restored, out.deaths, out.failed.empty()};
}

word run_apart(const std::string& scenario, std::uint64_t seed, bool loud) {
    int ends[2] = {};
    if (::pipe(ends) != 0) return {};
    const pid_t child = ::fork();
    if (child == 0) {
        const word said = run_here(scenario, seed, loud);
        const bool told = ::write(ends[1], &said, sizeof said) == sizeof said;
        ::_exit(told ? 0 : 1);
    }
    ::close(ends[1]);
    word said;
    const bool heard = ::read(ends[0], &said, sizeof said) == sizeof said;
    ::close(ends[0]);
    int status = 0;
    ::waitpid(child, &status, 0);
    if (!heard) {
        said = {};
        std::fprintf(stderr, "\nFAILED: the process ended with status %d before it could say how it went\n", status);
    }
    return said;
}

struct totals {
    std::uint64_t runs = 0;
    std::uint64_t failures = 0;
    word sum;
    void add(const word& one) {
        ++runs;
        failures += !one.well;
        sum.steps += one.steps;
        sum.virtual_ms += one.virtual_ms;
        sum.commits += one.commits;
        sum.confirmed += one.confirmed;
        sum.restored += one.restored;
        sum.deaths += one.deaths;
    }
};

void one_run(const request& asked, const std::string& scenario, std::uint64_t seed, totals& all) {
    word said = run_apart(scenario, seed, asked.loud);
    if (asked.twice && said.well) {
        const word again = run_apart(scenario, seed, false);
        if (again.hash != said.hash || again.steps != said.steps) {
            std::fprintf(stderr, "\nFAILED: not deterministic: hash %016llx then %016llx\n", static_cast<unsigned long long>(said.hash), static_cast<unsigned long long>(again.hash));
            said.well = false;
        }
    }
    if (!said.well) std::fprintf(stderr, "repeat with: flotilla-dst --scenario %s --seed %llu --loud\n\n", scenario.c_str(), static_cast<unsigned long long>(seed));
    if (asked.count == 1 && said.well) std::printf("%s %llu: hash %016llx\n", scenario.c_str(), static_cast<unsigned long long>(seed), static_cast<unsigned long long>(said.hash));
    all.add(said);
}

// Lines of a scenario and a seed; what follows is for people, as are lines that begin with '#'.
void again(const request& asked, totals& all) {
    std::ifstream file(asked.regressions);
    if (!file) throw std::runtime_error("cannot be read: " + asked.regressions);
    for (std::string line; std::getline(file, line);) {
        std::istringstream words(line);
        std::string scenario;
        std::uint64_t seed = 0;
        if (line.starts_with('#') || !(words >> scenario >> seed)) continue;
        one_run(asked, scenario, seed, all);
    }
}

int run(const request& asked) {
    using clock = std::chrono::steady_clock;
    const auto begun = clock::now();
    const auto seconds = [&] { return std::chrono::duration<double>(clock::now() - begun).count(); };
    totals all;
    if (!asked.regressions.empty()) again(asked, all);
    for (std::uint64_t i = 0; asked.regressions.empty() && (asked.minutes == 0 ? i < asked.count : seconds() < static_cast<double>(asked.minutes) * 60); ++i) {
        for (const auto& name : sim::scenario_names()) {
            if (asked.only.empty() ? name != "canary" : name == asked.only) one_run(asked, name, asked.seed + i, all);
        }
    }
    std::printf("%llu runs, %llu failed; %llu commits, %llu TXIDs confirmed, %llu restores, %llu processes killed; %.0f s of virtual time in %.1f s (%.0f to 1), "
                "%.2f million steps a second\n",
                static_cast<unsigned long long>(all.runs), static_cast<unsigned long long>(all.failures), static_cast<unsigned long long>(all.sum.commits),
                static_cast<unsigned long long>(all.sum.confirmed), static_cast<unsigned long long>(all.sum.restored), static_cast<unsigned long long>(all.sum.deaths),
                static_cast<double>(all.sum.virtual_ms) / 1e3, seconds(), static_cast<double>(all.sum.virtual_ms) / 1e3 / seconds(),
                static_cast<double>(all.sum.steps) / 1e6 / seconds());
    return all.failures == 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
    request asked;
    CLI::App app("runs the engine in simulated worlds, one a seed");
    app.add_option("--seed", asked.seed, "the first seed");
    app.add_option("--count", asked.count, "how many seeds");
    app.add_option("--minutes", asked.minutes, "go on with further seeds for so long, instead of --count");
    app.add_option("--scenario", asked.only, "only this one; without it all but the canary")->check(CLI::IsMember(sim::scenario_names()));
    app.add_option("--regressions", asked.regressions, "the seeds that a file lists, instead");
    app.add_flag("--check-determinism", asked.twice, "run each seed twice and compare");
    app.add_flag("--loud", asked.loud, "print every note as it happens");
    CLI11_PARSE(app, argc, argv);
    return run(asked);
}
