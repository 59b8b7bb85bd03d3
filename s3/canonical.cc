#include "s3/canonical.h"

#include <fmt/format.h>

#include <array>
#include <algorithm>
#include <chrono>
#include <map>

#include "s3/digest.h"

namespace s3 {
namespace {

constexpr std::array<std::string_view, 5> unsigned_headers{"authorization", "connection", "expect", "transfer-encoding", "user-agent"};

std::string lower(std::string_view name) {
    std::string out(name);
    for (char& c : out)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return out;
}

bool blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

std::string trimmed(std::string_view value) {
    std::string out;
    out.reserve(value.size());
    for (const char c : value) {
        if (!blank(c)) {
            out += c;
        } else if (!out.empty() && out.back() != ' ') {
            out += ' ';
        }
    }
    if (!out.empty() && out.back() == ' ') out.pop_back();
    return out;
}

}  // namespace

std::string amz_date(std::int64_t wall_ms) {
    using namespace std::chrono;
    const sys_time<milliseconds> at{milliseconds(wall_ms)};
    const auto day = floor<days>(at);
    const year_month_day date(day);
    const hh_mm_ss time(floor<seconds>(at - day));
    return fmt::format("{:04}{:02}{:02}T{:02}{:02}{:02}Z", static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                       static_cast<unsigned>(date.day()), time.hours().count(), time.minutes().count(), time.seconds().count());
}

canonical_text canonical_request(const http_request& request, std::string_view payload_hash) {
    std::map<std::string, std::string> headers;
    for (const auto& header : request.headers) {
        const std::string name = lower(header.name);
        if (std::ranges::find(unsigned_headers, name) != unsigned_headers.end()) continue;
        const auto [at, first] = headers.try_emplace(name, trimmed(header.value));
        if (!first) at->second += "," + trimmed(header.value);
    }
    std::string lines, names;
    for (const auto& [name, value] : headers) {
        lines.append(name).append(":").append(value).append("\n");
        if (!names.empty()) names += ';';
        names += name;
    }
    return {fmt::format("{}\n{}\n{}\n{}\n{}\n{}", request.method, request.path, request.query, lines, names, payload_hash), names};
}

std::string string_to_sign(std::string_view date, std::string_view scope, std::string_view canonical_request) {
    return fmt::format("AWS4-HMAC-SHA256\n{}\n{}\n{}", date, scope, to_hex(sha256(io::view_of(canonical_request))));
}

}  // namespace s3
