// One run, named completely: the same words give the same history, on every machine.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tests/sim/scenario.h"

namespace sim {

struct experiment {
    std::string name;                    // of the scenario
    std::uint64_t seed = 1;              // from which the scenario is drawn, and its world
    std::optional<std::uint64_t> world;  // another seed for the world: the same scenario in another order
    std::vector<std::string> without;    // parts of the scenario that are left out (parts.h)
    std::uint64_t trouble_ms = 0;        // so long it lasts; 0: as drawn
    bool again = false;                  // it is run for the second time, to be compared with the first

    // Throws std::invalid_argument for a scenario or a part that does not exist.
    [[nodiscard]] scenario draw() const;
    std::uint64_t world_seed() const { return world.value_or(seed); }
    // The options that repeat it.
    std::string words() const;
};

}  // namespace sim
