// An object to be shipped.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "io/bytes.h"
#include "io/error.h"
#include "io/semaphore.h"
#include "ltx/format.h"

namespace engine {

// parts() gives its bytes again from the start for each try; it is called inside io::offload.
struct outgoing {
    std::string key;
    unsigned level = 0;  // that of the key
    ltx::header head;
    // Starts anew: returns a function that gives part after part, nullopt after the last.
    using part_source = std::function<io::result<std::optional<io::bytes>>()>;
    std::function<part_source()> parts;
    std::uint64_t page_bytes = 0;  // of its pages, not compressed: what the object takes in memory follows from that
    io::semaphore* turn = nullptr;  // if given, held while a part is made: what it is made from is not to be touched meanwhile
};

}  // namespace engine
