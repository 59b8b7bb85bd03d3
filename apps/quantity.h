// Durations and sizes as people write them, in flags and in the configuration file. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "io/clock.h"
#include "io/error.h"

namespace apps {

// "500ms", "10s", "2m", "24h", or "0": a whole number and a unit; at most 87,600 hours (ten years). errc::invalid (subject::usage)
// with a context that quotes the text and gives examples.
io::result<io::duration> parse_duration(std::string_view text);

// "65536" (bytes), or a whole number with KiB, MiB, GiB (1,024 each) or KB, MB, GB (1,000 each); at most 2^53. Errors as above.
io::result<std::uint64_t> parse_size(std::string_view text);

// "1s", "1.5 MiB": for people. A duration is written in the largest unit that holds it exactly, so that it can be read back.
std::string show_duration(io::duration value);
std::string show_size(std::uint64_t bytes);

}  // namespace apps
