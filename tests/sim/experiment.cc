#include "tests/sim/experiment.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "tests/sim/parts.h"

namespace sim {

scenario experiment::draw() const {
    scenario out = draw_scenario(name, seed);
    leave_out(out, without);
    if (trouble_ms != 0) out.trouble = std::chrono::milliseconds(trouble_ms);
    return out;
}

std::string experiment::words() const {
    std::string out = fmt::format("--scenario {} --seed {}", name, seed);
    if (world) out += fmt::format(" --world {}", *world);
    if (!without.empty()) out += fmt::format(" --without {}", fmt::join(without, ","));
    if (trouble_ms != 0) out += fmt::format(" --trouble {}", trouble_ms);
    return out;
}

}  // namespace sim
