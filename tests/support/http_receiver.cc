#include "tests/support/http_receiver.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <stdexcept>

namespace tests {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;

struct http_receiver::server {
    asio::io_context loop;
    tcp::acceptor listener{loop, tcp::endpoint(asio::ip::address_v4::loopback(), 0)};
    std::optional<asio::ssl::context> tls;
    std::vector<std::shared_ptr<void>> silent;  // connections that are kept open

    static received keep(const http::request<http::string_body>& got) {
        received out{std::string(got.target().data(), got.target().size()), {}, got.body()};
        for (const auto& field : got) {
            std::string name(field.name_string().data(), field.name_string().size());
            for (char& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
            out.header_lines.push_back(name + ": " + std::string(field.value().data(), field.value().size()));
        }
        return out;
    }

    // One request a connection; `socket` is what lies below the stream.
    template <class Stream>
    static asio::awaitable<void> serve(http_receiver& owner, std::shared_ptr<Stream> client, tcp::socket& socket) {
        boost::beast::flat_buffer buffer;
        http::request<http::string_body> got;
        co_await http::async_read(*client, buffer, got, asio::use_awaitable);
        const received what = keep(got);
        int number = 0;
        {
            const std::lock_guard guard(owner.lock_);
            owner.requests_.push_back(what);
            number = static_cast<int>(owner.requests_.size());
            owner.more_.notify_all();
        }
        const auto status = owner.answer_(number, what);
        if (!status) {
            owner.server_->silent.push_back(client);
        } else if (*status == 0) {
            socket.set_option(tcp::socket::linger(true, 0));
            socket.close();
        } else {
            std::string text = "HTTP/1.1 " + std::to_string(*status) + " x\r\nContent-Length: 0\r\nConnection: close\r\n";
            {
                const std::lock_guard guard(owner.lock_);
                text += owner.headers_ + "\r\n";
            }
            co_await asio::async_write(*client, asio::buffer(text), asio::use_awaitable);
        }
    }

    static asio::awaitable<void> meet(http_receiver& owner, tcp::socket client) {
        try {
            if (owner.server_->tls) {
                auto secured = std::make_shared<asio::ssl::stream<tcp::socket>>(std::move(client), *owner.server_->tls);
                co_await secured->async_handshake(asio::ssl::stream_base::server, asio::use_awaitable);
                co_await serve(owner, secured, secured->next_layer());
            } else {
                auto plain = std::make_shared<tcp::socket>(std::move(client));
                co_await serve(owner, plain, *plain);
            }
        } catch (const boost::system::system_error&) {
            // The client went away, or does not believe the certificate.
        }
    }

    static asio::awaitable<void> accept(http_receiver& owner) {
        while (true) {
            tcp::socket client = co_await owner.server_->listener.async_accept(asio::use_awaitable);
            asio::co_spawn(owner.server_->loop, meet(owner, std::move(client)), asio::detached);
        }
    }
};

std::string received::header(const std::string& name) const {
    for (const auto& line : header_lines) {
        if (line.starts_with(name + ": ")) return line.substr(name.size() + 2);
    }
    return "";
}

http_receiver::http_receiver(answerer answer, const std::string& pem) : server_(std::make_unique<server>()), answer_(std::move(answer)) {
    if (!pem.empty()) {
        server_->tls.emplace(asio::ssl::context::tls_server);
        server_->tls->use_certificate_chain_file(pem);
        server_->tls->use_private_key_file(pem, asio::ssl::context::pem);
    }
    asio::co_spawn(server_->loop, server::accept(*this), asio::detached);
    thread_ = std::thread([this] { server_->loop.run(); });
}

http_receiver::~http_receiver() {
    server_->loop.stop();
    thread_.join();
}

std::string http_receiver::url() const {
    return (server_->tls ? "https://127.0.0.1:" : "http://127.0.0.1:") + std::to_string(server_->listener.local_endpoint().port());
}

std::vector<received> http_receiver::requests() const {
    const std::lock_guard guard(lock_);
    return requests_;
}

std::vector<received> http_receiver::await(std::size_t how_many) {
    std::unique_lock guard(lock_);
    if (!more_.wait_for(guard, std::chrono::minutes(1), [&] { return requests_.size() >= how_many; })) {
        throw std::runtime_error("only " + std::to_string(requests_.size()) + " requests came, not " + std::to_string(how_many));
    }
    return requests_;
}

void http_receiver::add_headers(std::string lines) {
    const std::lock_guard guard(lock_);
    headers_ += lines;
}

}  // namespace tests
