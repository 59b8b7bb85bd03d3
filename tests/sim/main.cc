// flotilla-dst: runs the production engine in simulated worlds.
#include <chrono>
#include <cstdio>
#include <exception>

#include "tests/sim/batch.h"
#include "tests/sim/commit.h"
#include "tests/sim/shrink.h"

namespace {

// 1: something was found.
int run(const sim::options& asked) {
    const auto begun = std::chrono::steady_clock::now();
    if (asked.of_commit && !asked.json) std::printf("seeds from %llu, which is commit %s\n", static_cast<unsigned long long>(asked.seed), sim::commit().c_str());
    const sim::totals all = sim::run_batch(asked);
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
    std::printf("%s", (asked.json ? all.json(seconds) : all.words(seconds)).c_str());
    if (asked.count_marks) std::printf("%s", sim::marks_counted(all.marks).c_str());
    const sim::marks_held held = asked.marks.empty() ? sim::marks_held() : sim::hold_marks(asked.marks, all.marks);
    std::fprintf(stderr, "%s%s", held.seldom.c_str(), held.wrong.c_str());
    if (all.failures.empty()) return held.wrong.empty() ? 0 : 1;
    if (asked.shrink) sim::shrink_and_tell(asked, all.failures.front());
    return 1;
}

}  // namespace

int main(int argc, char** argv) {
    constexpr int usage = 2;
    try {
        int code = 0;
        const auto asked = sim::read_options(argc, argv, code);
        return asked ? run(*asked) : code;
    } catch (const std::exception& e) {
        std::fprintf(stderr, "flotilla-dst: %s\n", e.what());
        return usage;
    }
}
