#include "tests/sim/batch.h"

#include <chrono>
#include <cstdio>
#include <deque>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <tuple>

#include "tests/sim/commit.h"

namespace sim {

namespace {

using real_clock = std::chrono::steady_clock;

// What is to be run, in order.
class source {
public:
    explicit source(const options& asked) : asked_(asked) {
        if (!asked.regressions.empty()) read(asked.regressions);
        for (const auto& name : scenario_names()) {
            if (asked.scenario.empty() ? name != "canary" : name == asked.scenario) names_.push_back(name);
        }
    }

    std::optional<experiment> next() {
        if (again_) return std::exchange(again_, std::nullopt);
        auto one = another();
        // Whether a seed is run twice follows from the seed: it does not matter how many others run.
        if (one && prng(one->seed, "twice").below(100) < asked_.twice) {
            again_ = one;
            again_->again = true;
        }
        return one;
    }

private:
    std::optional<experiment> another() {
        experiment one = asked_.changes;
        if (!asked_.regressions.empty()) {
            if (listed_.empty()) return std::nullopt;
            std::tie(one.name, one.seed) = listed_.front();
            listed_.pop_front();
            return one;
        }
        if (asked_.minutes == 0 ? given_ == asked_.count : real_clock::now() - begun_ > std::chrono::minutes(asked_.minutes)) return std::nullopt;
        one.name = names_[given_ % names_.size()];
        one.seed = asked_.seed + given_++;
        return one;
    }

    // Lines of a scenario and a seed; what follows is for people, as are lines that begin with '#'.
    void read(const std::string& path) {
        std::ifstream file(path);
        if (!file) throw std::runtime_error("cannot be read: " + path);
        for (std::string line; std::getline(file, line);) {
            std::istringstream words(line);
            std::string name;
            std::uint64_t seed = 0;
            if (!line.starts_with('#') && words >> name >> seed) listed_.emplace_back(name, seed);
        }
    }

    const options& asked_;
    std::vector<std::string> names_;
    std::deque<std::pair<std::string, std::uint64_t>> listed_;
    std::optional<experiment> again_;
    std::uint64_t given_ = 0;
    real_clock::time_point begun_ = real_clock::now();
};

void compare(const report& first, report& again) {
    if (!first.out.failed.empty() || !again.out.failed.empty()) return;
    if (first.out.hash == again.out.hash && first.out.steps == again.out.steps) return;
    again.out.failed = fmt::format("not deterministic: hash {:016x} after {} steps, then {:016x} after {}", first.out.hash, first.out.steps, again.out.hash, again.out.steps);
}

}  // namespace

void tell(const options& asked, const report& failed) {
    std::fprintf(stderr, "\n%s\n%s, commit %s\nFAILED: %s\nrepeat with: %s %s --loud\n\n", failed.events.c_str(), failed.what.words().c_str(), commit().c_str(),
                 failed.out.failed.c_str(), asked.program.c_str(), failed.what.words().c_str());
}

totals run_batch(const options& asked) {
    totals all;
    source what(asked);
    std::optional<report> before;
    const auto done = [&](report one) {
        if (one.what.again) compare(*before, one);
        if (!one.out.failed.empty()) tell(asked, one);
        if (asked.hashes && !one.what.again) std::printf("%s %llu: hash %016llx\n", one.what.name.c_str(), static_cast<unsigned long long>(one.what.seed), static_cast<unsigned long long>(one.out.hash));
        all.add(one);
        before = std::move(one);
    };
    run_all({asked.loud ? 1 : asked.jobs, asked.limit_s, asked.loud}, [&] { return what.next(); }, done);
    return all;
}

}  // namespace sim
