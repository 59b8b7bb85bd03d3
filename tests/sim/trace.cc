#include "tests/sim/trace.h"

#include <cstdio>

namespace sim {

void trace::keep(io::instant when, std::string text, bool counts) {
    const std::int64_t us = when.time_since_epoch().count() / 1000;
    if (counts) {
        mix(static_cast<std::uint64_t>(us));
        mix(io::view_of(text));
    }
    newest_.push_back(fmt::format("{:4}.{:06} {}", us / 1'000'000, us % 1'000'000, text));
    if (loud) std::fprintf(stderr, "%s\n", newest_.back().c_str());
    if (newest_.size() > limit) newest_.pop_front();
}

}  // namespace sim
