// From a time to a TXID.
#pragma once

#include <cstdint>

#include "engine/replica.h"
#include "io/environment.h"
#include "io/task.h"

namespace engine {

// The newest restorable point whose file says (in its header; listings can lie) that it was committed at or before `wall_ms`. Reads at
// most about log2(number of points) + 2 headers. Where the writer's clock stepped back, the point at one of the moments at which it
// passed `wall_ms`. Errors:
//   out_of_range, subject::target      `wall_ms` is in the future (E4: names the newest point) or before the earliest point (names it)
//   not_found, gap                     as plan_restore, if nothing can be restored at all
//   otherwise as replica::header
// `files` is a whole listing and must live until the call ends.
io::task<io::result<std::uint64_t>> txid_at(const io::environment& env, const replica& where, const std::vector<stored_file>& files,
                                            std::int64_t wall_ms);

}  // namespace engine
