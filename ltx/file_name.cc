#include "ltx/file_name.h"

#include <fmt/format.h>

namespace ltx {

namespace {

constexpr std::size_t digits = 16;
constexpr std::string_view extension = ".ltx";

}  // namespace

std::string format_name(std::uint64_t min_txid, std::uint64_t max_txid) {
    return hex16(min_txid) + "-" + hex16(max_txid) + std::string(extension);
}

std::optional<txid_range> parse_name(std::string_view name) {
    if (name.size() != 2 * digits + 1 + extension.size() || name[digits] != '-' || !name.ends_with(extension)) return std::nullopt;
    const auto min = parse_hex16(name.substr(0, digits));
    const auto max = parse_hex16(name.substr(digits + 1, digits));
    if (!min || !max || *min == 0 || *max < *min) return std::nullopt;
    return txid_range{*min, *max};
}

io::result<void> check_name(const txid_range& named, const header& h) {
    if (named == h.range()) return {};
    return bad_content(io::errc::corrupt, fmt::format("the file inside carries TXIDs {} to {}; it was misnamed or replaced", h.min_txid, h.max_txid));
}

}  // namespace ltx
