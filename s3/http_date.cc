#include "s3/http_date.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <string>
#include <vector>

namespace s3 {
namespace {

using namespace std::chrono;

constexpr std::array<std::string_view, 12> months{"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

std::optional<int> number(std::string_view text, std::size_t least, std::size_t most) {
    int value = 0;
    if (text.size() < least || text.size() > most || !std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; })) return std::nullopt;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
}

std::vector<std::string_view> words(std::string_view text) {
    constexpr std::string_view between = " ,-";
    std::vector<std::string_view> out;
    while (out.size() < 8) {
        text.remove_prefix(std::min(text.find_first_not_of(between), text.size()));
        if (text.empty()) break;
        out.push_back(text.substr(0, text.find_first_of(between)));
        text.remove_prefix(out.back().size());
    }
    return out;
}

std::optional<seconds> time_of_day(std::string_view text) {
    if (text.size() != 8 || text[2] != ':' || text[5] != ':') return std::nullopt;
    const auto h = number(text.substr(0, 2), 2, 2), m = number(text.substr(3, 2), 2, 2), s = number(text.substr(6, 2), 2, 2);
    if (!h || !m || !s || *h > 23 || *m > 59 || *s > 60) return std::nullopt;
    return hours(*h) + minutes(*m) + seconds(*s);
}

std::optional<std::int64_t> assemble(std::optional<int> y, std::string_view month_name, std::optional<int> d, std::string_view time) {
    const auto at = std::ranges::find(months, month_name);
    const auto clock = time_of_day(time);
    if (!y || !d || at == months.end() || !clock) return std::nullopt;
    const year_month_day date{year(*y), month(static_cast<unsigned>(at - months.begin()) + 1), day(static_cast<unsigned>(*d))};
    if (!date.ok()) return std::nullopt;
    return duration_cast<milliseconds>(sys_days(date).time_since_epoch() + *clock).count();
}

}  // namespace

std::optional<std::int64_t> parse_http_date(std::string_view text) {
    const auto part = words(text);
    if (part.size() == 5 && part[2].find(':') == std::string_view::npos && part[3].find(':') != std::string_view::npos)
        return assemble(number(part[4], 4, 4), part[1], number(part[2], 1, 2), part[3]);
    if (part.size() != 6 || part[5] != "GMT") return std::nullopt;
    auto y = number(part[3], 2, 4);
    if (y && part[3].size() == 3) return std::nullopt;
    if (y && part[3].size() == 2) *y += *y < 70 ? 2000 : 1900;
    return assemble(y, part[2], number(part[1], 1, 2), part[4]);
}

std::optional<io::duration> parse_retry_after(std::string_view text, std::int64_t now_ms) {
    constexpr milliseconds most = days(1);
    if (!text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; })) {
        const auto count = number(text, 1, 9);
        return count ? std::min<milliseconds>(seconds(*count), most) : most;
    }
    const auto at = parse_http_date(text);
    if (!at) return std::nullopt;
    return std::clamp(milliseconds(*at - now_ms), milliseconds(0), most);
}

}  // namespace s3
