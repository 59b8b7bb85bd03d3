#include "s3/http_connection.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/beast/http/basic_parser.hpp>
#include <cstring>

#include "io/failpoint.h"

namespace s3 {

namespace {

namespace http = boost::beast::http;
using boost::system::error_code;

io::error broken(std::string what) { return {io::errc::io_failure, io::subject::store, std::move(what)}; }

std::string head_of(const http_request& request) {
    std::string text = fmt::format("{} {} HTTP/1.1\r\n", request.method, request.target());
    for (const auto& header : request.headers) {
        text += header.name;
        text += ": ";
        text += header.value;
        text += "\r\n";
    }
    // A length of 0 is said where a body could be expected: some servers refuse a PUT or POST without one.
    if (request.body.size() > 0 || request.method == "PUT" || request.method == "POST") {
        text += fmt::format("content-length: {}\r\n", request.body.size());
    }
    return text + "\r\n";
}

// A header that contained a line end would become two: such a request is never sent.
bool is_clean(const http_request& request) {
    const auto plain = [](std::string_view text) { return text.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos; };
    return plain(request.path) && plain(request.query) && plain(request.method) &&
           std::ranges::all_of(request.headers, [&](const http_header& h) { return plain(h.name) && plain(h.value); });
}

}  // namespace

// Puts an answer's parts where they belong as Beast finds them.
class http_connection::parser final : public http::basic_parser<false> {
public:
    parser(http_response& answer, std::uint64_t most_body, bool is_head) : answer_(answer), most_body_(most_body) {
        header_limit(most_head);
        body_limit(boost::none);
        eager(true);
        skip(is_head);
    }

    bool over_limit() const { return over_limit_; }
    bool without_length() const { return without_length_; }
    bool may_end_with_stream() { return is_header_done() && need_eof() && answer_.head.status >= 300; }

private:
    void on_request_impl(http::verb, boost::beast::string_view, boost::beast::string_view, int, error_code&) override {}
    void on_response_impl(int code, boost::beast::string_view, int, error_code&) override { answer_.head.status = static_cast<unsigned>(code); }
    void on_field_impl(http::field, boost::beast::string_view name, boost::beast::string_view value, error_code&) override {
        answer_.head.headers.push_back({std::string(name.data(), name.size()), std::string(value.data(), value.size())});
    }
    void on_header_impl(error_code&) override {}
    void on_body_init_impl(const boost::optional<std::uint64_t>& length, error_code& failure) override {
        if (length && *length > most_body_) {
            over_limit_ = true;
            failure = http::error::body_limit;
        } else if (length) {
            answer_.body.reserve(static_cast<std::size_t>(*length));
        } else if (!chunked() && answer_.head.status < 300) {
            without_length_ = true;
            failure = http::error::bad_content_length;
        }
    }
    std::size_t on_body_impl(boost::beast::string_view part, error_code& failure) override {
        if (part.size() > most_body_ - answer_.body.size()) {
            over_limit_ = true;
            failure = http::error::body_limit;
            return 0;
        }
        io::append(answer_.body, io::view_of({part.data(), part.size()}));
        return part.size();
    }
    void on_chunk_header_impl(std::uint64_t, boost::beast::string_view, error_code&) override {}
    std::size_t on_chunk_body_impl(std::uint64_t, boost::beast::string_view part, error_code& failure) override {
        return on_body_impl(part, failure);
    }
    void on_finish_impl(error_code&) override {}

    http_response& answer_;
    std::uint64_t most_body_;
    bool over_limit_ = false;
    bool without_length_ = false;
};

http_connection::http_connection(std::unique_ptr<io::byte_stream> stream) : stream_(std::move(stream)), buffer_(buffer_size) {}

// Reads more behind what is there already.
io::task<io::result<void>> http_connection::fill(io::patience time) {
    if (begin_ > 0) {
        std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
        end_ -= begin_;
        begin_ = 0;
    }
    if (end_ == buffer_.size()) co_return broken("the answer's head is too long");
    auto got = co_await stream_->read_some(io::byte_span(buffer_).subspan(end_), time);
    if (!got) co_return got.error().as(io::subject::store);
    if (*got == 0) co_return broken(answered_ ? "the server closed the connection in the middle of its answer" : "the server closed the connection without an answer");
    answered_ = true;
    end_ += *got;
    co_return io::result<void>();
}

io::task<io::result<void>> http_connection::receive(parser& into, exchange_limits limits) {
    while (!into.is_done()) {
        error_code failure;
        if (end_ > begin_) begin_ += into.put(boost::asio::buffer(buffer_.data() + begin_, end_ - begin_), failure);
        if (into.over_limit()) co_return io::error{io::errc::too_large, io::subject::store, fmt::format("the answer's body has more than {} bytes", limits.most_body)};
        if (into.without_length()) co_return broken("the answer does not tell the length of its body");
        if (failure && failure != http::error::need_more) co_return broken("the answer is not HTTP: " + failure.message());
        if (into.is_done()) break;
        auto more = co_await fill(limits.time);
        if (more) continue;
        // Only the end of the stream ends such a body, and of an error's text nothing depends on its being whole.
        if (into.may_end_with_stream() && more.error().code == io::errc::io_failure) break;
        co_return more;
    }
    co_return io::result<void>();
}

io::task<io::result<void>> http_connection::exchange(const http_request& request, http_response& answer, exchange_limits limits) {
    ++exchanges_;
    answered_ = false;
    reusable_ = false;
    answer = {};
    if (!is_clean(request)) co_return io::error{io::errc::invalid, io::subject::store, "a request's header holds a line end or NUL"};
    const std::string head = head_of(request);
    auto sent = co_await stream_->write(io::view_of(head), request.body.view(), limits.time);
    if (request.method == "PUT") io::failpoint("put.sent");
    // A server that refuses a large body may answer and close before it has read all of it.
    if (!sent && sent.error().code != io::errc::io_failure) co_return sent.error().as(io::subject::store);

    constexpr int most_interim = 8;
    for (int i = 0; i < most_interim; ++i) {
        answer = {};
        parser into(answer, limits.most_body, request.method == "HEAD");
        auto received = co_await receive(into, limits);
        if (!received) {
            const bool says_more = sent.has_value() || answered_;
            co_return says_more ? received.error() : sent.error().as(io::subject::store);
        }
        if (answer.head.status / 100 == 1) continue;
        reusable_ = sent.has_value() && into.keep_alive() && !into.need_eof() && begin_ == end_;
        co_return io::result<void>();
    }
    co_return broken("one interim answer after the other");
}

}  // namespace s3
