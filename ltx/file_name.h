// File names: "<min>-<max>.ltx", both TXIDs as 16 lower-case hex digits, so that lexical order is numeric order. Litestream relies
// on the listing order and ignores names of any other form.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "io/error.h"
#include "io/hex.h"
#include "ltx/format.h"

namespace ltx {

using io::hex16;
using io::parse_hex16;

[[nodiscard]] std::string format_name(std::uint64_t min_txid, std::uint64_t max_txid);

// `name` is the last part of a path or key. Nothing unless it is exactly of that form with 1 <= min <= max.
[[nodiscard]] std::optional<txid_range> parse_name(std::string_view name);

// Whether a file is the one that its name or key says (B13, B14): corrupt (subject::integrity) if the header has another range.
[[nodiscard]] io::result<void> check_name(const txid_range& named, const header& h);

}  // namespace ltx
