#include "tests/sim/http_server.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/vector_body.hpp>
#include <chrono>
#include <cstring>

namespace sim {

namespace {

namespace http = boost::beast::http;
using parser = http::request_parser<http::vector_body<std::uint8_t>>;

constexpr std::uint32_t most_head = 8U << 10U;
constexpr std::uint64_t most_body = 1U << 30U;
constexpr io::duration longest_write = std::chrono::seconds(60);

s3::http_request values_of(parser& whole) {
    auto message = whole.release();
    s3::http_request out;
    out.method = std::string(message.method_string());
    const std::string target(message.target());
    const std::size_t mark = std::min(target.find('?'), target.size());
    out.path = target.substr(0, mark);
    if (mark < target.size()) out.query = target.substr(mark + 1);
    for (const auto& field : message) out.headers.push_back({std::string(field.name_string()), std::string(field.value())});
    out.body = std::move(message.body());
    return out;
}

std::string reason(unsigned status) { return std::string(http::obsolete_reason(static_cast<http::status>(status))); }

}  // namespace

io::task<received> http_server::receive(io::duration idle) {
    parser whole;
    whole.header_limit(most_head);
    whole.body_limit(most_body);
    whole.eager(true);
    while (true) {
        boost::system::error_code failure;
        if (end_ > begin_) begin_ += whole.put(boost::asio::buffer(buffer_.data() + begin_, end_ - begin_), failure);
        if (failure && failure != http::error::need_more) co_return received{std::nullopt, failure.message(), false};
        if (whole.is_done()) break;
        std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
        end_ -= std::exchange(begin_, 0);
        if (end_ == buffer_.size()) co_return received{std::nullopt, "a line is too long", false};
        auto got = co_await stream_.read_some(io::byte_span(buffer_).subspan(end_), io::patience{idle});
        if (!got || *got == 0) co_return received{};
        end_ += *got;
    }
    const bool has_length = whole.content_length().has_value();
    co_return received{values_of(whole), {}, has_length};
}

io::task<bool> http_server::answer(const s3::http_response& what, bool to_head, bool chunked, std::size_t most) {
    std::string head = fmt::format("HTTP/1.1 {} {}\r\n", what.head.status, reason(what.head.status));
    for (const auto& each : what.head.headers) head += each.name + ": " + each.value + "\r\n";
    const bool has_body = !to_head && what.head.status != 204 && what.head.status != 304;
    io::bytes body;
    if (has_body) body = what.body;
    if (chunked && has_body) {
        head += "Transfer-Encoding: chunked\r\n\r\n";
        const std::string before = body.empty() ? "" : fmt::format("{:x}\r\n", body.size()), after = body.empty() ? "0\r\n\r\n" : "\r\n0\r\n\r\n";
        body.insert(body.begin(), before.begin(), before.end());
        body.insert(body.end(), after.begin(), after.end());
    } else {
        const bool named = s3::find_header(what.head.headers, "content-length") != nullptr;
        if (!named && what.head.status != 204) head += fmt::format("Content-Length: {}\r\n", what.body.size());
        head += "\r\n";
    }
    const io::byte_view first = io::view_of(head).first(std::min(head.size(), most));
    const io::byte_view second = io::byte_view(body).first(std::min(body.size(), most - first.size()));
    auto sent = co_await stream_.write(first, second, io::patience{longest_write});
    co_return sent.has_value();
}

std::string http_date(std::int64_t wall_ms) {
    using namespace std::chrono;
    constexpr const char* days_of_week[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    constexpr const char* months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const sys_time<milliseconds> at{milliseconds(wall_ms)};
    const auto day = floor<days>(at);
    const year_month_day date(day);
    const hh_mm_ss time(floor<seconds>(at - day));
    return fmt::format("{}, {:02} {} {:04} {:02}:{:02}:{:02} GMT", days_of_week[weekday(day).c_encoding()], static_cast<unsigned>(date.day()),
                       months[static_cast<unsigned>(date.month()) - 1], static_cast<int>(date.year()), time.hours().count(), time.minutes().count(),
                       time.seconds().count());
}

}  // namespace sim
