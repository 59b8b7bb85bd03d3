// Numbers in names: 16 lower-case hex digits, so that lexical order is numeric order beyond 2^32. The one function that formats a number
// for a name, of objects, segments and local files alike (F12).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace io {

[[nodiscard]] std::string hex16(std::uint64_t value);

// The reverse: exactly 16 digits of 0-9a-f, else nothing.
[[nodiscard]] std::optional<std::uint64_t> parse_hex16(std::string_view text);

}  // namespace io
