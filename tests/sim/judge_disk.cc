// What an engine keeps on its disk, held against what it may.
#include "tests/sim/leftovers.h"
#include "tests/sim/simulation.h"

namespace sim {

namespace {

// What is committed to a stream's log while room for it is looked for.
constexpr std::uint64_t spare = 64U << 10U;

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
    const std::uint64_t most = what_.disk_limit + spare * streams_.size();
    const std::uint64_t now = bytes_of(at.machine().disk, "/state/shadow", "/state/shadow/#/#");
    if (now > most) all_.fail_soon(fmt::format("{} has {} bytes in segments, and may have {}", at.machine().name, now, what_.disk_limit));
}

}  // namespace sim
