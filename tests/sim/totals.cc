#include "tests/sim/totals.h"

#include <fmt/format.h>

#include "io/json_text.h"
#include "tests/sim/commit.h"

namespace sim {

namespace {

double ratio(double a, double b) { return b > 0 ? a / b : 0; }

}  // namespace

void totals::add(const report& one) {
    const bool again = one.what.again;
    runs += !again;
    twice += again;
    cpu_s += one.cpu_s;
    all_steps += one.out.steps;
    for (const auto& mark : one.out.marks) ++marks[mark];
    if (!one.out.failed.empty()) failures.push_back({one.what, one.out, one.cpu_s, {}});
    if (again) return;
    sum.steps += one.out.steps;
    sum.virtual_ms += one.out.virtual_ms;
    sum.commits += one.out.commits;
    sum.confirmed += one.out.confirmed;
    sum.restored += one.out.restored;
    sum.deaths += one.out.deaths;
}

std::string totals::words(double seconds) const {
    const double virtual_s = static_cast<double>(sum.virtual_ms) / 1e3;
    return fmt::format("{} seeds, {} of them twice, {} failed; commit {}\n"
                       "{} commits, {} TXIDs confirmed, {} restores, {} processes killed\n"
                       "{} steps, {:.0f} thousand a second per core; {:.0f} s of virtual time in {:.1f} s ({:.0f} to 1), {:.1f} cores busy\n",
                       runs, twice, failures.size(), commit(), sum.commits, sum.confirmed, sum.restored, sum.deaths, sum.steps,
                       ratio(static_cast<double>(all_steps) / 1e3, cpu_s), virtual_s, seconds, ratio(virtual_s, seconds), ratio(cpu_s, seconds));
}

std::string totals::json(double seconds) const {
    std::string list;
    for (const auto& one : failures) {
        list += fmt::format("{}{{\"scenario\":{},\"seed\":{},\"options\":{},\"failed\":{}}}", list.empty() ? "" : ",", io::json_string(one.what.name), one.what.seed,
                            io::json_string(one.what.words()), io::json_string(one.out.failed));
    }
    return fmt::format("{{\"commit\":{},\"runs\":{},\"twice\":{},\"failed\":{},\"failures\":[{}],\"commits\":{},\"confirmed\":{},\"restores\":{},\"deaths\":{},"
                       "\"steps\":{},\"steps_per_second_per_core\":{:.0f},\"virtual_seconds\":{:.3f},\"seconds\":{:.3f},\"virtual_to_real\":{:.1f},\"cpu_seconds\":{:.3f}}}\n",
                       io::json_string(commit()), runs, twice, failures.size(), list, sum.commits, sum.confirmed, sum.restored, sum.deaths, sum.steps,
                       ratio(static_cast<double>(all_steps), cpu_s), static_cast<double>(sum.virtual_ms) / 1e3, seconds,
                       ratio(static_cast<double>(sum.virtual_ms) / 1e3, seconds), cpu_s);
}

}  // namespace sim
