#include "io/hex.h"

namespace io {

namespace {

constexpr std::size_t digits = 16;

}  // namespace

std::string hex16(std::uint64_t value) {
    std::string text(digits, '0');
    for (std::size_t i = digits; i-- > 0; value >>= 4) text[i] = "0123456789abcdef"[value & 0xf];
    return text;
}

std::optional<std::uint64_t> parse_hex16(std::string_view text) {
    if (text.size() != digits) return std::nullopt;
    std::uint64_t value = 0;
    for (const char c : text) {
        const bool decimal = c >= '0' && c <= '9';
        if (!decimal && (c < 'a' || c > 'f')) return std::nullopt;
        value = (value << 4) | static_cast<std::uint64_t>(decimal ? c - '0' : c - 'a' + 10);
    }
    return value;
}

}  // namespace io
