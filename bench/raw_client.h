// The least that a client can do: sockets, epoll and a request whose bytes are there already. With TLS: OpenSSL straight on the socket.
#pragma once

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "bench/stub_server.h"
#include "bench/timing.h"

namespace bench {

class raw_client {
public:
    // Opens all connections.
    raw_client(const stub_server& to, bool tls, std::size_t connections) : poll_(::epoll_create1(EPOLL_CLOEXEC)), buffer_(64U << 10U) {
        if (tls) {
            context_ = SSL_CTX_new(TLS_client_method());
            SSL_CTX_set_read_ahead(context_, 1);
            SSL_CTX_set_mode(context_, SSL_MODE_RELEASE_BUFFERS);
            SSL_CTX_set_verify(context_, SSL_VERIFY_PEER, nullptr);
            if (SSL_CTX_load_verify_file(context_, to.ca_file().c_str()) != 1) refuse(to.ca_file() + " cannot be read");
        }
        for (std::size_t i = 0; i < connections; ++i) open(to.port(tls), i);
    }
    ~raw_client() {
        for (const auto& each : peers_) {
            SSL_free(each.tls);
            ::close(each.fd);
        }
        SSL_CTX_free(context_);
        ::close(poll_);
    }
    raw_client(const raw_client&) = delete;
    raw_client& operator=(const raw_client&) = delete;

    // Sends the request `count` times over all connections, each time one has its answer.
    void run(std::string_view request, std::size_t count) {
        std::size_t sent = 0, answered = 0;
        for (; sent < peers_.size() && sent < count; ++sent) send(peers_[sent], request);
        std::array<epoll_event, 64> events{};
        while (answered < count) {
            const int ready = ::epoll_wait(poll_, events.data(), static_cast<int>(events.size()), -1);
            for (int i = 0; i < ready; ++i) {
                const peer& from = peers_[events[static_cast<std::size_t>(i)].data.u64];
                if (!receive(from)) continue;
                ++answered;
                if (sent == count) continue;
                ++sent;
                send(from, request);
            }
        }
    }

private:
    struct peer {
        int fd;
        SSL* tls;
    };

    void open(std::uint16_t port, std::uint64_t number) {
        peer out{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), nullptr};
        sockaddr_in at{};
        at.sin_family = AF_INET;
        at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        at.sin_port = htons(port);
        if (::connect(out.fd, reinterpret_cast<const sockaddr*>(&at), sizeof at) != 0) refuse("the stub server cannot be reached");
        const int yes = 1;
        ::setsockopt(out.fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
        if (context_ != nullptr) {
            out.tls = SSL_new(context_);
            SSL_set_fd(out.tls, out.fd);
            if (SSL_connect(out.tls) != 1) refuse("TLS handshake with the stub server failed");
        }
        ::fcntl(out.fd, F_SETFL, O_NONBLOCK);
        epoll_event event{};
        event.events = EPOLLIN;
        event.data.u64 = number;
        ::epoll_ctl(poll_, EPOLL_CTL_ADD, out.fd, &event);
        peers_.push_back(out);
    }

    static void send(const peer& to, std::string_view text) {
        const auto size = static_cast<ssize_t>(text.size());
        const ssize_t sent = to.tls != nullptr ? SSL_write(to.tls, text.data(), static_cast<int>(size)) : ::send(to.fd, text.data(), text.size(), MSG_NOSIGNAL);
        if (sent != size) refuse("the raw client cannot send");
    }

    // False if that was not an answer (session tickets of TLS). An answer comes in one piece: it is small, and sent by one call.
    bool receive(const peer& from) {
        const ssize_t got = from.tls != nullptr ? SSL_read(from.tls, buffer_.data(), static_cast<int>(buffer_.size()))
                                                : ::recv(from.fd, buffer_.data(), buffer_.size(), 0);
        if (got < 0 && from.tls != nullptr && SSL_get_error(from.tls, static_cast<int>(got)) == SSL_ERROR_WANT_READ) return false;
        const std::string_view text(buffer_.data(), static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
        if (!text.starts_with("HTTP/1.1 200 ") || !text.ends_with("\r\n\r\n")) refuse("the stub server did not say 200");
        return true;
    }

    int poll_;
    SSL_CTX* context_ = nullptr;
    std::vector<peer> peers_;
    std::vector<char> buffer_;
};

}  // namespace bench
