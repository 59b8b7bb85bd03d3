// Which local files of encoded objects may go. Pure. Whatever the limit says, never (F8): what is not durable in the store, the newest
// snapshot of a stream that is, and what comes after that one; so what is kept of a stream with a snapshot gives its newest state back.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "engine/object_row.h"

namespace engine {

struct cached_file {
    std::string stream;
    object_name name;
    std::uint64_t size = 0;    // bytes
    std::int64_t time_ms = 0;  // since 1970; the older one goes first
    bool durable = false;      // the store has confirmed it
};

// The places in `files`, of whatever streams, of those to be removed so that all the others have at most `limit` bytes together: the oldest
// first, and no more than that takes. If what must stay is longer than the limit, all the rest goes.
std::vector<std::size_t> plan_eviction(std::span<const cached_file> files, std::uint64_t limit);

}  // namespace engine
