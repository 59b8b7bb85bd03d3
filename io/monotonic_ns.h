// Nanoseconds on a clock that never steps: for measuring how long something took, never for deciding.
#pragma once

#include <cstdint>

namespace io {

std::uint64_t monotonic_ns();

}  // namespace io
