#include "tests/sim/shrink.h"

#include <algorithm>
#include <cstdio>

#include "tests/sim/batch.h"
#include "tests/sim/parts.h"

namespace sim {

namespace {

constexpr std::uint64_t worlds = 8;
constexpr std::uint64_t least_trouble_ms = 250;

// Every token with a digit is '#': TXIDs, ids, hashes, times, names of databases.
std::string shape_of(const std::string& text) {
    std::string out;
    std::string token;
    const auto flush = [&] {
        out += std::any_of(token.begin(), token.end(), [](char c) { return c >= '0' && c <= '9'; }) ? "#" : token;
        token.clear();
    };
    for (const char c : text) {
        if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')) {
            token += c;
        } else {
            flush();
            out += c;
        }
    }
    flush();
    return out;
}

// What can still be left out.
std::vector<std::string> rest_of(const experiment& one) {
    std::vector<std::string> out;
    for (auto& part : parts_of(draw_scenario(one.name, one.seed))) {
        if (std::find(one.without.begin(), one.without.end(), part) == one.without.end()) out.push_back(part);
    }
    return out;
}

bool can_be_drawn(const experiment& one) {
    try {
        (void)one.draw();
        return true;
    } catch (const std::invalid_argument&) {
        return false;  // no database is left
    }
}

class shrinker {
public:
    shrinker(const experiment& failing, const still_fails& fails) : best_(failing), fails_(fails) {}

    experiment run() {
        while (parts() || trouble()) {}
        return best_;
    }

private:
    bool try_it(const experiment& smaller) {
        if (!can_be_drawn(smaller)) return false;
        const auto found = fails_(smaller);
        if (found) best_ = *found;
        return found.has_value();
    }

    bool parts() {
        bool any = false;
        for (std::size_t size = rest_of(best_).size(); size != 0; size /= 2) {
            const std::vector<std::string> rest = rest_of(best_);
            for (std::size_t at = 0; at < rest.size(); at += size) {
                experiment smaller = best_;
                const auto from = rest.begin() + static_cast<std::ptrdiff_t>(at);
                smaller.without.insert(smaller.without.end(), from, from + static_cast<std::ptrdiff_t>(std::min(size, rest.size() - at)));
                any |= try_it(smaller);
            }
        }
        return any;
    }

    bool trouble() {
        bool any = false;
        bool shorter = true;
        while (shorter) {
            experiment smaller = best_;
            smaller.trouble_ms = static_cast<std::uint64_t>(best_.draw().trouble.count()) / 2'000'000;
            shorter = smaller.trouble_ms >= least_trouble_ms && try_it(smaller);
            any |= shorter;
        }
        return any;
    }

    experiment best_;
    const still_fails& fails_;
};

// The first of them, in order, that fails in that way.
std::optional<experiment> first_that_fails(const run_settings& how, const experiment& smaller, const std::string& failed) {
    std::optional<experiment> found;
    std::uint64_t given = 0;
    const auto next = [&]() -> std::optional<experiment> {
        if (found || given == worlds) return std::nullopt;
        experiment one = smaller;
        if (given != 0) one.world = given;
        ++given;
        return one;
    };
    run_all(how, next, [&](const report& one) {
        if (!found && same_failure(one.out.failed, failed)) found = one.what;
    });
    return found;
}

}  // namespace

bool same_failure(const std::string& a, const std::string& b) { return shape_of(a) == shape_of(b); }

experiment shrink(const experiment& failing, const still_fails& fails) { return shrinker(failing, fails).run(); }

void shrink_and_tell(const options& asked, const report& failed) {
    const run_settings how{asked.jobs, asked.limit_s, false};
    std::uint64_t tries = 0;
    const auto fails = [&](const experiment& smaller) {
        ++tries;
        auto found = first_that_fails(how, smaller, failed.out.failed);
        std::fprintf(stderr, "%s: %s\n", found ? "still fails" : "does not  ", (found ? *found : smaller).words().c_str());
        return found;
    };
    const experiment least = shrink(failed.what, fails);
    std::printf("\nafter %llu tries: %s\n%s %s --loud\n", static_cast<unsigned long long>(tries), least.draw().words().c_str(), asked.program.c_str(), least.words().c_str());
}

}  // namespace sim
