// The commit that this was built from.
#pragma once

#include <cstdint>
#include <string>

namespace sim {

// 40 digits, "-dirty" after them if the tree had changes; "unknown" where there was no git.
const std::string& commit();
// A seed that the commit has and no other, changes or not; 1 if it is unknown.
std::uint64_t seed_of_commit();

}  // namespace sim
