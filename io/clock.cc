#include "io/clock.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cstdio>
#include <ctime>

namespace io {

namespace {

namespace asio = boost::asio;
using steady = std::chrono::steady_clock;

// Asio's timer queue adds nothing to an expiry, but "for ever" must still be representable.
constexpr duration most_ahead = std::chrono::hours(24 * 365);

class real_timer final : public timer {
public:
    explicit real_timer(executor on) : timer_(std::move(on)) {}

    task<void> wait_until(instant at) override {
        const instant now = instant(steady::now().time_since_epoch());
        const duration ahead = at <= now ? duration::zero() : std::min(at - now, most_ahead);
        timer_.expires_after(ahead);
        auto ended = co_await timer_.async_wait(asio::as_tuple(asio::use_awaitable));
        (void)ended;
    }

    void cancel() override { timer_.cancel(); }

private:
    asio::steady_timer timer_;
};

// Days since 1970-01-01 of a date of the Gregorian calendar.
std::int64_t days_from_civil(std::int64_t year, unsigned month, unsigned day) {
    year -= month <= 2 ? 1 : 0;
    const std::int64_t era = (year >= 0 ? year : year - 399) / 400;
    const auto year_of_era = static_cast<unsigned>(year - era * 400);
    const unsigned day_of_year = (153 * (month + (month > 2 ? -3U : 9U)) + 2) / 5 + day - 1;
    const unsigned day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + static_cast<std::int64_t>(day_of_era) - 719468;
}

bool read_number(const std::string& text, std::size_t& at, std::size_t digits, int& out) {
    if (at + digits > text.size()) return false;
    out = 0;
    for (std::size_t i = 0; i < digits; ++i) {
        const char c = text[at + i];
        if (c < '0' || c > '9') return false;
        out = out * 10 + (c - '0');
    }
    at += digits;
    return true;
}

bool read_mark(const std::string& text, std::size_t& at, std::string_view marks) {
    if (at >= text.size() || marks.find(text[at]) == std::string_view::npos) return false;
    ++at;
    return true;
}

// The zone at the end of the text, in minutes east of UTC; false if it is none.
bool read_zone(const std::string& text, std::size_t& at, int& minutes) {
    minutes = 0;
    if (at == text.size()) return true;
    if (read_mark(text, at, "Zz")) return at == text.size();
    const bool west = text[at] == '-';
    int hours = 0;
    int rest = 0;
    if (!read_mark(text, at, "+-") || !read_number(text, at, 2, hours)) return false;
    (void)read_mark(text, at, ":");
    if (!read_number(text, at, 2, rest) || hours > 23 || rest > 59) return false;
    minutes = (hours * 60 + rest) * (west ? -1 : 1);
    return at == text.size();
}

int days_in(int year, int month) {
    constexpr int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return month == 2 && leap ? 29 : days[month - 1];
}

}  // namespace

instant real_clock::now() const { return instant(steady::now().time_since_epoch()); }

std::int64_t real_clock::wall_ms() const {
    return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch()).count();
}

std::unique_ptr<timer> real_clock::make_timer(executor on) { return std::make_unique<real_timer>(std::move(on)); }

task<void> sleep_for(clock& time, duration how_long) {
    const executor on = co_await boost::asio::this_coro::executor;
    const auto wait = time.make_timer(on);
    co_await wait->wait_until(time.now() + how_long);
}

std::string format_time(std::int64_t wall_ms) {
    std::int64_t seconds = wall_ms / 1000;
    std::int64_t rest = wall_ms % 1000;
    if (rest < 0) {
        rest += 1000;
        --seconds;
    }
    const std::time_t when = seconds;
    std::tm parts{};
    if (::gmtime_r(&when, &parts) == nullptr) return fmt::format("{} ms", wall_ms);
    return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday,
                       parts.tm_hour, parts.tm_min, parts.tm_sec, rest);
}

bool parse_time(const std::string& text, std::int64_t& wall_ms) {
    std::size_t at = 0;
    int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, zone = 0;
    const bool date = read_number(text, at, 4, year) && read_mark(text, at, "-") && read_number(text, at, 2, month) &&
                      read_mark(text, at, "-") && read_number(text, at, 2, day);
    if (!date || year < 1970 || month < 1 || month > 12 || day < 1 || day > days_in(year, month)) return false;
    const bool time = read_mark(text, at, "Tt ") && read_number(text, at, 2, hour) && read_mark(text, at, ":") &&
                      read_number(text, at, 2, minute) && read_mark(text, at, ":") && read_number(text, at, 2, second);
    if (!time || hour > 23 || minute > 59 || second > 60) return false;
    std::int64_t fraction_ms = 0;
    if (read_mark(text, at, ".")) {
        std::int64_t scale = 100;
        const std::size_t begin = at;
        for (int digit = 0; read_number(text, at, 1, digit); scale /= 10) fraction_ms += digit * scale;
        if (at == begin) return false;
    }
    if (!read_zone(text, at, zone)) return false;
    const std::int64_t days = days_from_civil(year, static_cast<unsigned>(month), static_cast<unsigned>(day));
    wall_ms = ((days * 24 + hour) * 60 + minute - zone) * 60'000 + second * 1000 + fraction_ms;
    return true;
}

}  // namespace io
