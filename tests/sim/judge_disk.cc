// What an engine keeps on its disk, held against what it may.
#include <algorithm>

#include "tests/sim/leftovers.h"
#include "tests/sim/simulation.h"

namespace sim {

namespace {

// What may be committed to a stream's log while room for it is looked for: a transaction, or a VACUUM, which writes the whole database.
std::uint64_t spare(const application_habits& of) {
    const std::uint64_t rows = of.vacuum_rate == 0 ? of.most_changes : std::max(of.most_changes, of.most_rows);
    return (64U << 10U) + rows * (of.most_bytes + of.page_size);
}

std::uint64_t bytes_of(const disk& on, const std::string& directory, std::string_view pattern) {
    std::uint64_t out = 0;
    for (const auto& path : files_below(on, directory)) {
        int problem = 0;
        if (is_like(path, pattern)) out += on.find(path, problem)->now.size();
    }
    return out;
}

}  // namespace

// At any time: segments may have disk_limit, whatever the store does. What it refuses for good is kept beside them.
void simulation::judge_segments(const station& at) {
    if (what_.disk_limit == 0) return;
    std::uint64_t most = what_.disk_limit;
    for (const auto& one : what_.applications) most += spare(one);
    const std::uint64_t now = bytes_of(at.machine().disk, "/state/shadow", "/state/shadow/#/#");
    if (now > most) all_.fail_soon(fmt::format("{} has {} bytes in segments, and may have {}", at.machine().name, now, what_.disk_limit));
}

}  // namespace sim
