// The events that `flotilla watch --json` printed to a file. A killed watch leaves an unended last line, which does not count.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace crash {

struct watch_event {
    std::int64_t wall_ms = 0;
    std::string kind;  // "confirmed", ...
    std::string stream;
    std::uint64_t txid = 0;
    std::string text;
};

// Throws std::runtime_error for a complete line that is not such an event.
watch_event parse_event(std::string_view line);

// Those of the whole file.
std::vector<watch_event> read_events(const std::string& path);

}  // namespace crash
