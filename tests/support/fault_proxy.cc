#include "tests/support/fault_proxy.h"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <memory>
#include <set>
#include <sstream>

namespace tests {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;
using boost::system::error_code;
constexpr auto tuple = asio::as_tuple(asio::use_awaitable);

struct fault_proxy::state : std::enable_shared_from_this<fault_proxy::state> {
    state(asio::io_context& on, std::uint16_t to, std::function<fault(const std::string&, const std::string&)> chooser)
        : loop(on), server(asio::ip::address_v4::loopback(), to), listener(on, tcp::endpoint(asio::ip::address_v4::loopback(), 0)),
          choose(std::move(chooser)) {}

    asio::io_context& loop;
    tcp::endpoint server;
    tcp::acceptor listener;
    std::function<fault(const std::string&, const std::string&)> choose;
    std::map<fault, int> served;
    std::size_t accepted = 0;
    std::set<tcp::socket*> clients;
    std::vector<http::request<http::string_body>> late;
};

namespace {

using request = http::request<http::string_body>;

std::string s3_error(int status, const std::string& reason, const std::string& code, const std::string& more = "") {
    const std::string body = "<?xml version=\"1.0\"?><Error><Code>" + code + "</Code><Message>by the proxy</Message><RequestId>proxied</RequestId></Error>";
    return "HTTP/1.1 " + std::to_string(status) + " " + reason + "\r\n" + more + "Content-Type: application/xml\r\nContent-Length: " + std::to_string(body.size()) +
           "\r\n\r\n" + body;
}

std::string html(int status, const std::string& reason) {
    const std::string body = "<html><body><h1>" + reason + "</h1></body></html>";
    return "HTTP/1.1 " + std::to_string(status) + " " + reason + "\r\nContent-Type: text/html\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

io::task<bool> send(tcp::socket& to, std::string text) {
    auto [failure, sent] = co_await asio::async_write(to, asio::buffer(text), tuple);
    co_return !failure;
}

io::task<void> pause(std::chrono::milliseconds how_long) {
    asio::steady_timer timer(co_await asio::this_coro::executor, how_long);
    co_await timer.async_wait(tuple);
}

// Until the client hangs up.
io::task<void> silence(tcp::socket& client) {
    char byte = 0;
    co_await client.async_read_some(asio::buffer(&byte, 1), tuple);
}

// What the server says to it, as text; empty if it says nothing.
io::task<std::string> ask(tcp::endpoint server, const request& what) {
    tcp::socket upstream(co_await asio::this_coro::executor);
    auto [refused] = co_await upstream.async_connect(server, tuple);
    if (refused) co_return std::string();
    auto [unsent, sent] = co_await http::async_write(upstream, what, tuple);
    if (unsent) co_return std::string();
    boost::beast::flat_buffer buffer;
    http::response_parser<http::string_body> parser;
    parser.body_limit(boost::none);
    parser.skip(what.method() == http::verb::head);
    auto [failure, got] = co_await http::async_read(upstream, buffer, parser, tuple);
    if (failure) co_return std::string();
    auto answer = parser.release();
    // A HEAD's length is that of the body it does not have.
    if (what.method() != http::verb::head && answer.result() != http::status::no_content) answer.prepare_payload();
    std::ostringstream text;
    text << answer.base() << answer.body();
    co_return text.str();
}

// False if the client's connection ends with it.
io::task<bool> serve(tcp::socket& client, tcp::endpoint server, const request& what, fault how) {
    // The answer to a HEAD has no body.
    const auto fit = [&](std::string text) { return what.method() == http::verb::head ? text.substr(0, text.find("\r\n\r\n") + 4) : text; };
    switch (how) {
        case fault::reset:
            client.set_option(asio::socket_base::linger(true, 0));
            co_return false;
        case fault::slow_down: co_return co_await send(client, fit(s3_error(503, "Slow Down", "SlowDown")));
        case fault::too_many: co_return co_await send(client, fit(s3_error(429, "Too Many Requests", "TooManyRequests", "Retry-After: 0\r\n")));
        case fault::internal_error: co_return co_await send(client, fit(s3_error(500, "Internal Server Error", "InternalError")));
        case fault::bad_gateway: co_return co_await send(client, fit(html(502, "Bad Gateway")));
        case fault::request_timeout: co_await send(client, fit(s3_error(400, "Bad Request", "RequestTimeout", "Connection: close\r\n"))); co_return false;
        case fault::denied: co_return co_await send(client, fit(s3_error(403, "Forbidden", "AccessDenied")));
        case fault::swallow:
        case fault::late: co_await silence(client); co_return false;
        case fault::access_denied: co_return co_await send(client, fit(s3_error(403, "Forbidden", "AccessDenied")));
        case fault::no_bucket: co_return co_await send(client, fit(s3_error(404, "Not Found", "NoSuchBucket")));
        default: break;
    }
    const std::string answer = co_await ask(server, what);
    if (answer.empty()) co_return false;
    switch (how) {
        case fault::cut: co_return false;
        case fault::lose_to_500: co_return co_await send(client, fit(s3_error(500, "Internal Server Error", "InternalError")));
        case fault::lose_to_504: co_return co_await send(client, fit(html(504, "Gateway Timeout")));
        case fault::stall:
            co_await send(client, answer.substr(0, answer.size() / 2));
            co_await silence(client);
            co_return false;
        case fault::truncate: co_await send(client, answer.substr(0, answer.size() / 2)); co_return false;
        case fault::trickle: {
            const std::size_t piece = answer.size() / 8 + 1;
            for (std::size_t at = 0; at < answer.size(); at += piece) {
                const bool sent = co_await send(client, answer.substr(at, piece));
                if (!sent) co_return false;
                co_await pause(std::chrono::milliseconds(2));
            }
            co_return true;
        }
        case fault::stale: co_await send(client, answer); co_return false;
        default: co_return co_await send(client, answer);
    }
}

}  // namespace

// Shared ownership of the state lets a session end after the proxy.
template <class State>
static io::task<void> session(std::shared_ptr<State> proxy, tcp::socket client) {
    proxy->clients.insert(&client);
    boost::beast::flat_buffer buffer;
    bool open = true;
    while (open) {
        http::request_parser<http::string_body> parser;
        parser.body_limit(boost::none);
        auto [failure, got] = co_await http::async_read(client, buffer, parser, tuple);
        if (failure) break;
        const request what = parser.release();
        const fault how = proxy->choose(std::string(what.method_string()), std::string(what.target()));
        ++proxy->served[how];
        const auto same = [&what](const request& other) { return other.method() == what.method() && other.target() == what.target(); };
        const auto earlier = std::find_if(proxy->late.begin(), proxy->late.end(), same);
        if (earlier != proxy->late.end()) {
            const request first = std::move(*earlier);
            proxy->late.erase(earlier);
            co_await ask(proxy->server, first);
        }
        if (how == fault::late) proxy->late.push_back(what);
        open = co_await serve(client, proxy->server, what, how);
    }
    proxy->clients.erase(&client);
}

template <class State>
static io::task<void> listen(std::shared_ptr<State> proxy) {
    while (true) {
        auto [failure, client] = co_await proxy->listener.async_accept(tuple);
        if (failure) co_return;
        ++proxy->accepted;
        asio::co_spawn(proxy->loop, session(proxy, std::move(client)), asio::detached);
    }
}

fault_proxy::fault_proxy(asio::io_context& loop, std::uint16_t port, std::function<fault(const std::string&, const std::string&)> choose)
    : state_(std::make_shared<state>(loop, port, std::move(choose))) {
    asio::co_spawn(loop, listen(state_), asio::detached);
}

fault_proxy::~fault_proxy() {
    error_code ignored;
    state_->listener.close(ignored);
    for (auto* client : state_->clients) client->close(ignored);
}

std::string fault_proxy::url() const { return "http://127.0.0.1:" + std::to_string(state_->listener.local_endpoint().port()); }
const std::map<fault, int>& fault_proxy::served() const { return state_->served; }
std::size_t fault_proxy::accepted() const { return state_->accepted; }
std::size_t fault_proxy::open() const { return state_->clients.size(); }

}  // namespace tests
