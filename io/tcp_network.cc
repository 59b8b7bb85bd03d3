#include "io/tcp_network.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <vector>

#include "io/wakeup.h"
#include "io/watchdog.h"

namespace io {

namespace asio = boost::asio;

struct tcp_network::tls_context {
    asio::ssl::context context{asio::ssl::context::tls_client};
    bool verify = true;
};

namespace {

using asio::ip::tcp;
using boost::system::error_code;
constexpr auto tuple = asio::as_tuple(asio::use_awaitable);

std::string text_of(const peer& to) {
    return to.host.find(':') == std::string::npos ? fmt::format("{}:{}", to.host, to.port) : fmt::format("[{}]:{}", to.host, to.port);
}

error failed(errc code, std::string_view who, std::string_view what) { return {code, subject::general, fmt::format("{}: {}", who, what)}; }

// `Stream` is tcp::socket or TLS over one.
template <class Stream>
class tcp_stream final : public byte_stream {
public:
    tcp_stream(Stream stream, std::string who)
        : stream_(std::move(stream)), who_(std::move(who)),
          reading_(stream_.get_executor(), [this] { cut(); }), writing_(stream_.get_executor(), [this] { cut(); }),
          unused_(stream_.get_executor(), [this] { cut(); }) {}

    Stream& stream() { return stream_; }

    task<result<std::size_t>> read_some(byte_span into, patience limit) override {
        if (closed_) co_return ended();
        unused_.rest();
        reading_.guard(end_of(limit));
        auto [failure, got] = co_await stream_.async_read_some(asio::buffer(into.data(), into.size()), tuple);
        reading_.rest();
        if (!failure) co_return got;
        if (failure == asio::error::eof && !closed_ && !timed_out_) co_return std::size_t{0};
        co_return error_of(failure);
    }

    task<result<void>> write(byte_view first, byte_view second, patience limit) override {
        unused_.rest();
        while (!first.empty() || !second.empty()) {
            if (closed_) co_return ended();
            const std::array<asio::const_buffer, 2> parts{asio::buffer(first.data(), first.size()), asio::buffer(second.data(), second.size())};
            writing_.guard(end_of(limit));
            auto [failure, sent] = co_await stream_.async_write_some(parts, tuple);
            writing_.rest();
            if (failure) co_return error_of(failure);
            const std::size_t of_first = std::min(sent, first.size());
            first = first.subspan(of_first);
            second = second.subspan(sent - of_first);
        }
        co_return result<void>();
    }

    // The client's half of a TLS handshake; `until` bounds all of it.
    task<result<void>> handshake(instant until) {
        reading_.guard(until);
        auto [failure] = co_await stream_.async_handshake(asio::ssl::stream_base::client, tuple);
        reading_.rest();
        if (!failure) co_return result<void>();
        const long verdict = SSL_get_verify_result(stream_.native_handle());
        if (!timed_out_ && verdict != X509_V_OK) {
            co_return failed(errc::access_denied, who_,
                             fmt::format("the server's certificate is not accepted: {}. If it is signed by an authority of your own, name its "
                                         "certificate file as the CA",
                                         X509_verify_cert_error_string(verdict)));
        }
        co_return error_of(failure).within("TLS handshake");
    }

    void close() override {
        closed_ = true;
        cut();
    }

    void close_at(instant when) override { unused_.guard(when); }

private:
    // Called by the watchdogs as well: then nobody has closed it, its time was up.
    void cut() {
        timed_out_ = !closed_;
        error_code ignored;
        stream_.lowest_layer().close(ignored);
    }

    instant end_of(const patience& limit) const {
        const instant now = real_clock().now();
        return limit.stall > limit.until - now ? limit.until : now + limit.stall;
    }

    error ended() const { return failed(errc::canceled, who_, "closed"); }

    error error_of(error_code failure) const {
        if (closed_) return ended();
        if (timed_out_) return failed(errc::timed_out, who_, "no answer in time");
        return failed(errc::io_failure, who_, failure.message());
    }

    Stream stream_;
    std::string who_;
    watchdog reading_;
    watchdog writing_;
    watchdog unused_;
    bool closed_ = false;
    bool timed_out_ = false;
};

// getaddrinfo cannot be interrupted: it runs on, with its own share of the state, when nobody waits for it any more.
struct resolution {
    explicit resolution(executor on) : resolver(on), done(time, on) {}
    real_clock time;
    tcp::resolver resolver;
    wakeup done;
    error_code failure;
    std::vector<tcp::endpoint> found;
};

task<result<std::vector<tcp::endpoint>>> resolve(executor on, const peer& to, instant until) {
    error_code not_literal;
    const auto literal = asio::ip::make_address(to.host, not_literal);
    if (!not_literal) co_return std::vector<tcp::endpoint>{{literal, to.port}};
    auto state = std::make_shared<resolution>(on);
    state->resolver.async_resolve(to.host, std::to_string(to.port), tcp::resolver::numeric_service,
                                  [state](error_code failure, const tcp::resolver::results_type& found) {
                                      state->failure = failure;
                                      for (const auto& entry : found) state->found.push_back(entry.endpoint());
                                      state->done.notify();
                                  });
    const bool answered = co_await state->done.wait(until);
    if (!answered) co_return failed(errc::timed_out, to.host, "the name was not resolved in time");
    if (state->failure) co_return failed(errc::io_failure, to.host, state->failure.message());
    co_return std::move(state->found);
}

// The first of the addresses that accepts. Each gets its share of the time that is left, so that a dead one does not use it all.
task<result<tcp::socket>> connect_any(executor on, const std::vector<tcp::endpoint>& addresses, const std::string& who, instant until) {
    error last = failed(errc::io_failure, who, "no address");
    for (std::size_t i = 0; i < addresses.size(); ++i) {
        tcp::socket socket(on);
        bool late = false;
        watchdog limit(on, [&socket, &late] {
            late = true;
            error_code ignored;
            socket.close(ignored);
        });
        const instant now = real_clock().now();
        limit.guard(now + (until - now) / static_cast<duration::rep>(addresses.size() - i));
        auto [failure] = co_await socket.async_connect(addresses[i], tuple);
        if (!failure && !late) {
            error_code ignored;
            socket.set_option(tcp::no_delay(true), ignored);
            co_return std::move(socket);
        }
        last = late ? failed(errc::timed_out, who, "no connection in time") : failed(errc::io_failure, who, failure.message());
    }
    co_return last.within("connect");
}

}  // namespace

tcp_network::tcp_network(executor on) : on_(std::move(on)) {}

tcp_network::~tcp_network() = default;

result<tcp_network::tls_context*> tcp_network::context_for(const tls_options& options) {
    auto& slot = contexts_[options.ca_file + (options.verify ? "+" : "-")];
    if (slot) return slot.get();
    auto made = std::make_unique<tls_context>();
    made->verify = options.verify;
    SSL_CTX_set_min_proto_version(made->context.native_handle(), TLS1_2_VERSION);
    // A parked connection needs no buffers: a third of its memory.
    SSL_CTX_set_mode(made->context.native_handle(), SSL_MODE_RELEASE_BUFFERS);
    error_code failure;
    if (options.ca_file.empty()) {
        made->context.set_default_verify_paths(failure);
    } else {
        made->context.load_verify_file(options.ca_file, failure);
    }
    if (failure) {
        return failed(errc::invalid, options.ca_file.empty() ? "the system's certificates" : "CA file " + options.ca_file,
                      "cannot be read as PEM certificates: " + failure.message());
    }
    slot = std::move(made);
    return slot.get();
}

task<result<std::unique_ptr<byte_stream>>> tcp_network::connect(peer to, instant until) {
    const std::string who = text_of(to);
    tls_context* tls = nullptr;
    if (to.tls) {
        auto context = context_for(*to.tls);
        if (!context) co_return context.error();
        tls = *context;
    }
    auto addresses = co_await resolve(on_, to, until);
    if (!addresses) co_return addresses.error().within("connect");
    auto socket = co_await connect_any(on_, *addresses, who, until);
    if (!socket) co_return socket.error();
    if (tls == nullptr) co_return std::make_unique<tcp_stream<tcp::socket>>(std::move(*socket), who);

    using tls_stream = asio::ssl::stream<tcp::socket>;
    auto secured = std::make_unique<tcp_stream<tls_stream>>(tls_stream(std::move(*socket), tls->context), who);
    tls_stream& stream = secured->stream();
    error_code not_literal;
    (void)asio::ip::make_address(to.host, not_literal);
    // Server name indication carries names only.
    if (not_literal) SSL_set_tlsext_host_name(stream.native_handle(), to.host.c_str());
    if (tls->verify) {
        stream.set_verify_mode(asio::ssl::verify_peer);
        stream.set_verify_callback(asio::ssl::host_name_verification(to.host));
    }
    auto ok = co_await secured->handshake(until);
    if (!ok) co_return ok.error();
    co_return std::move(secured);
}

}  // namespace io
