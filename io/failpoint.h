// Named places at which a test lets the process die between two instructions. Only in builds with FLOTILLA_FAILPOINTS (the presets asan and
// debug), where the environment variable FLOTILLA_FAILPOINT says which one, "name", or "name:n" for the n-th time that it is passed; in all
// other builds nothing of this is in the program. tests/crash/kill_points.h lists every name, with what is proven of it.
#pragma once

#include <string_view>

namespace io {

#ifdef FLOTILLA_FAILPOINTS
// Does not return if it is this one's turn: says "failpoint NAME" on standard error and sends SIGKILL to the process. From any thread.
void failpoint(std::string_view name);
#else
inline void failpoint(std::string_view) {}
#endif

}  // namespace io
