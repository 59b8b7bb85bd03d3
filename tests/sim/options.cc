#include "tests/sim/options.h"

#include <CLI/CLI.hpp>
#include <charconv>
#include <thread>

#include "tests/sim/commit.h"

namespace sim {

namespace {

constexpr const char* what_it_is =
    "Runs the production engine in simulated worlds. A seed and a scenario are one history, on every machine: virtual time, real SQLite on a simulated disk, and everything that can fail failing.\n"
    "Each run is a process of its own; results come in the order of the seeds, whatever runs at once.\n";
constexpr const char* more_of_it =
    "Examples:\n"
    "  flotilla-dst --seed commit --count 500             what CI runs: seeds that this commit has and no other, the scenarios in turn\n"
    "  flotilla-dst --scenario swarm --seed 17 --loud     one history, line by line\n"
    "  flotilla-dst --minutes 60 --seed 100000            a night\n"
    "  flotilla-dst --scenario swarm --seed 17 --shrink   the least of that scenario that still fails, and the command that repeats it\n"
    "Exit codes: 0 nothing was found, 1 a run failed, 2 it cannot be done as asked.";

bool is_number(const std::string& text, std::uint64_t& out) {
    const auto end = std::from_chars(text.data(), text.data() + text.size(), out);
    return end.ec == std::errc() && end.ptr == text.data() + text.size();
}

void declare(CLI::App& app, options& asked, std::string& seed) {
    app.footer(more_of_it);
    app.add_option("--scenario", asked.scenario, "only this one; without it all but the canary, the first seed the first, the next the next")->check(CLI::IsMember(scenario_names()));
    app.add_option("--seed", seed, "the first seed: a number, or \"commit\" for one that follows from the commit this was built from")->default_str("1");
    auto* count = app.add_option("--count", asked.count, "how many seeds")->capture_default_str();
    auto* minutes = app.add_option("--minutes", asked.minutes, "go on with further seeds for so long, instead")->excludes(count);
    app.add_option("--regressions", asked.regressions, "the scenarios and seeds that a file lists, instead")->excludes(count)->excludes(minutes);
    app.add_option("--jobs", asked.jobs, "runs at once")->check(CLI::Range(1, 1024))->default_str("one a core");
    app.add_option("--check-determinism", asked.twice, "make so many percent of the runs twice and compare their hashes")->check(CLI::Range(1, 100))->expected(0, 1)->default_str("100");
    app.add_option("--real-limit", asked.limit_s, "seconds of real time after which a run has failed")->check(CLI::Range(1, 86400))->capture_default_str();
    app.add_option("--without", asked.changes.without, "parts that are left out of the scenario, as --shrink names them")->delimiter(',');
    app.add_option("--trouble", asked.changes.trouble_ms, "milliseconds of virtual time for which things go wrong")->default_str("as drawn");
    app.add_option("--world", asked.changes.world, "a seed for the world alone: the same scenario, other coincidences")->default_str("the seed");
    app.add_option("--require-marks", asked.marks, "fail unless the runs together reached every mark that a file lists, and none that it does not; \"seldom\" before one: it need not be reached");
    app.add_flag("--count-marks", asked.count_marks, "print in how many runs each mark was reached");
    app.add_flag("--shrink", asked.shrink, "if the run fails: look for the least of its scenario that still fails in the same way");
    app.add_flag("--loud", asked.loud, "print every note as it happens, and run one at a time");
    app.add_flag("--hashes", asked.hashes, "print scenario, seed and hash of every run");
    app.add_flag("--json", asked.json, "the summary as one JSON object");
}

// Of another seed the same scenario has other parts.
void check_parts(const options& asked) {
    if (asked.changes.without.empty()) return;
    if (asked.scenario.empty() || asked.count != 1 || asked.minutes != 0) throw CLI::ValidationError("--without", "the parts of one --scenario and one --seed");
    experiment one = asked.changes;
    one.name = asked.scenario;
    one.seed = asked.seed;
    try {
        (void)one.draw();
    } catch (const std::invalid_argument& e) {
        throw CLI::ValidationError("--without", e.what());
    }
}

}  // namespace

std::optional<options> read_options(int argc, char** argv, int& code) {
    options asked;
    asked.program = argv[0];
    asked.jobs = std::max(1U, std::thread::hardware_concurrency());
    asked.limit_s = 600;
    std::string seed = "1";
    CLI::App app(what_it_is);
    declare(app, asked, seed);
    try {
        app.parse(argc, argv);
        asked.of_commit = seed == "commit";
        if (asked.of_commit) asked.seed = seed_of_commit();
        else if (!is_number(seed, asked.seed)) throw CLI::ValidationError("--seed", "a number, or \"commit\", but not \"" + seed + "\"");
        if (asked.shrink && (asked.scenario.empty() || asked.count != 1 || asked.minutes != 0 || !asked.regressions.empty())) {
            throw CLI::ValidationError("--shrink", "one --scenario and one --seed");
        }
        check_parts(asked);
    } catch (const CLI::ParseError& e) {
        code = app.exit(e) == 0 ? 0 : 2;
        return std::nullopt;
    }
    return asked;
}

}  // namespace sim
