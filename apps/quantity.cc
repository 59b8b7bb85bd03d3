#include "apps/quantity.h"

#include <fmt/format.h>

#include <charconv>
#include <limits>
#include <optional>

namespace apps {

namespace {

constexpr io::duration longest = std::chrono::hours(87'600);
constexpr std::uint64_t largest = std::uint64_t{1} << 53U;

struct unit {
    std::string_view name;
    std::uint64_t factor;
};

constexpr unit time_units[] = {{"ms", 1'000'000}, {"s", 1'000'000'000}, {"m", 60'000'000'000}, {"h", 3'600'000'000'000}};
constexpr unit size_units[] = {{"KiB", 1U << 10U}, {"MiB", 1U << 20U}, {"GiB", 1U << 30U},
                               {"KB", 1'000},      {"MB", 1'000'000},  {"GB", 1'000'000'000}};

template <std::size_t N>
std::optional<std::uint64_t> parse(std::string_view text, const unit (&units)[N], bool bare_number, std::uint64_t most) {
    std::uint64_t number = 0;
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (failed != std::errc()) return std::nullopt;
    const std::string_view rest(end, static_cast<std::size_t>(text.data() + text.size() - end));
    if (rest.empty() && (bare_number || number == 0)) return number <= most ? std::optional(number) : std::nullopt;
    for (const unit& one : units) {
        if (rest != one.name) continue;
        if (number > most / one.factor) return std::nullopt;
        return number * one.factor;
    }
    return std::nullopt;
}

io::error wrong(std::string context) { return {io::errc::invalid, io::subject::usage, std::move(context)}; }

}  // namespace

io::result<io::duration> parse_duration(std::string_view text) {
    const auto ns = parse(text, time_units, false, static_cast<std::uint64_t>(longest.count()));
    if (!ns) return wrong(fmt::format("\"{}\" is not a duration; write 500ms, 10s, 2m, 24h or 0 (at most 87600h)", text));
    return io::duration(static_cast<std::int64_t>(*ns));
}

io::result<std::uint64_t> parse_size(std::string_view text) {
    const auto bytes = parse(text, size_units, true, largest);
    if (!bytes) return wrong(fmt::format("\"{}\" is not a size; write 65536 (bytes), 64KiB, 4MiB, 1GiB or 10MB", text));
    return *bytes;
}

std::string show_duration(io::duration value) {
    const auto ns = static_cast<std::uint64_t>(value.count());
    if (ns == 0) return "0";
    const unit* best = nullptr;
    for (const unit& one : time_units) {
        if (ns % one.factor == 0) best = &one;
    }
    return best == nullptr ? fmt::format("{}ns", ns) : fmt::format("{}{}", ns / best->factor, best->name);
}

std::string show_size(std::uint64_t bytes) {
    constexpr unit steps[] = {{"GiB", 1U << 30U}, {"MiB", 1U << 20U}, {"KiB", 1U << 10U}};
    for (const unit& one : steps) {
        if (bytes >= one.factor) return fmt::format("{:.1f} {}", static_cast<double>(bytes) / static_cast<double>(one.factor), one.name);
    }
    return fmt::format("{} bytes", bytes);
}

}  // namespace apps
