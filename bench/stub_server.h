// A server that costs next to nothing, so that a client's own cost can be seen: it says 200 to every PUT, over plain TCP and over TLS, and
// as much more as s3::store::open asks for. It runs in a process of its own and counts what it got, for the benchmark to check.
#pragma once

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <charconv>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <memory>
#include <new>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "bench/timing.h"

namespace bench {

// What came with the PUTs: sum is that of the bodies' words, in the host's order.
struct tally {
    std::uint64_t puts = 0, bytes = 0, sum = 0;
};

inline std::uint64_t sum_of(std::string_view body) {
    std::uint64_t sum = 0;
    for (std::size_t at = 0; at < body.size(); at += sizeof sum) {
        std::uint64_t word = 0;
        std::memcpy(&word, body.data() + at, std::min(sizeof word, body.size() - at));
        sum += word;
    }
    return sum;
}

class stub_server {
public:
    // Certificate and key are made in `directory`. Must be made before any thread.
    explicit stub_server(const std::string& directory) : ca_file_(directory + "/stub.pem") {
        const std::string made = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost "
                                 "-addext subjectAltName=IP:127.0.0.1 -keyout '" + ca_file_ + ".key' -out '" + ca_file_ + "' 2>/dev/null";
        if (std::system(made.c_str()) != 0) refuse("openssl cannot make a certificate");
        void* shared = ::mmap(nullptr, sizeof(counters), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        if (shared == MAP_FAILED) refuse("mmap failed");
        seen_ = new (shared) counters;
        const int plain = listen(port_), tls = listen(tls_port_);
        const pid_t parent = ::getpid();
        child_ = ::fork();
        if (child_ < 0) refuse("fork failed");
        if (child_ == 0) {
            ::prctl(PR_SET_PDEATHSIG, SIGKILL);
            if (::getppid() != parent) ::_exit(0);
            serve(plain, tls);
        }
        ::close(plain);
        ::close(tls);
    }
    ~stub_server() {
        ::kill(child_, SIGKILL);
        ::waitpid(child_, nullptr, 0);
        ::munmap(seen_, sizeof(counters));
    }
    stub_server(const stub_server&) = delete;
    stub_server& operator=(const stub_server&) = delete;

    std::uint16_t port(bool tls) const { return tls ? tls_port_ : port_; }
    std::string url(bool tls) const { return std::string(tls ? "https" : "http") + "://127.0.0.1:" + std::to_string(port(tls)); }
    const std::string& ca_file() const { return ca_file_; }
    // So far. A PUT is counted before it is answered.
    tally seen() const { return {seen_->puts, seen_->bytes, seen_->sum}; }

private:
    struct counters {
        std::atomic<std::uint64_t> puts{0}, bytes{0}, sum{0};
    };
    struct peer {
        int fd;
        SSL* tls;
        std::string pending;
    };

    static int listen(std::uint16_t& port) {
        const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        sockaddr_in at{};
        at.sin_family = AF_INET;
        at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof at;
        auto* address = reinterpret_cast<sockaddr*>(&at);
        if (::bind(fd, address, size) != 0 || ::listen(fd, 512) != 0 || ::getsockname(fd, address, &size) != 0) refuse("cannot listen on 127.0.0.1");
        port = ntohs(at.sin_port);
        return fd;
    }

    [[noreturn]] void serve(int plain, int tls) {
        SSL_CTX* context = SSL_CTX_new(TLS_server_method());
        SSL_CTX_set_read_ahead(context, 1);
        if (SSL_CTX_use_certificate_file(context, ca_file_.c_str(), SSL_FILETYPE_PEM) != 1 ||
            SSL_CTX_use_PrivateKey_file(context, (ca_file_ + ".key").c_str(), SSL_FILETYPE_PEM) != 1)
            refuse("the stub server's certificate cannot be read");
        const int poll = ::epoll_create1(EPOLL_CLOEXEC);
        watch(poll, plain);
        watch(poll, tls);
        std::unordered_map<int, peer> peers;
        std::array<epoll_event, 64> events{};
        while (true) {
            const int count = ::epoll_wait(poll, events.data(), static_cast<int>(events.size()), -1);
            for (int i = 0; i < count; ++i) {
                const int fd = events[static_cast<std::size_t>(i)].data.fd;
                if (fd == plain || fd == tls) {
                    const int taken = accept(fd, poll);
                    peers[taken] = {taken, fd == tls ? secured(context, taken) : nullptr, {}};
                } else if (!answer(peers[fd])) {
                    SSL_free(peers[fd].tls);
                    ::close(fd);
                    peers.erase(fd);
                }
            }
        }
    }

    static void watch(int poll, int fd) {
        epoll_event event{};
        event.events = EPOLLIN;
        event.data.fd = fd;
        ::epoll_ctl(poll, EPOLL_CTL_ADD, fd, &event);
    }

    static int accept(int listener, int poll) {
        const int fd = ::accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
        const int yes = 1;
        ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
        watch(poll, fd);
        return fd;
    }

    // The handshake is made by the first reads.
    static SSL* secured(SSL_CTX* context, int fd) {
        SSL* tls = SSL_new(context);
        SSL_set_fd(tls, fd);
        SSL_set_accept_state(tls);
        return tls;
    }

    static void send(const peer& to, std::string_view text) {
        const auto size = static_cast<ssize_t>(text.size());
        const ssize_t sent = to.tls != nullptr ? SSL_write(to.tls, text.data(), static_cast<int>(size)) : ::send(to.fd, text.data(), text.size(), MSG_NOSIGNAL);
        if (sent != size) std::_Exit(1);
    }

    // False when the peer is gone.
    bool answer(peer& from) {
        static std::vector<char> buffer(64U << 10U);
        while (true) {
            const ssize_t got = from.tls != nullptr ? SSL_read(from.tls, buffer.data(), static_cast<int>(buffer.size()))
                                                    : ::recv(from.fd, buffer.data(), buffer.size(), 0);
            if (got <= 0) {
                const bool later = from.tls != nullptr ? SSL_get_error(from.tls, static_cast<int>(got)) == SSL_ERROR_WANT_READ : got < 0 && errno == EAGAIN;
                return later;
            }
            from.pending.append(buffer.data(), static_cast<std::size_t>(got));
            while (take_request(from)) {}
            if (from.tls == nullptr && static_cast<std::size_t>(got) < buffer.size()) return true;
        }
    }

    // Answers the next whole request of those that are there, if there is one.
    bool take_request(peer& from) {
        const std::size_t head_end = from.pending.find("\r\n\r\n");
        if (head_end == std::string::npos) return false;
        const std::string_view head(from.pending.data(), head_end);
        constexpr std::string_view length_name = "\r\ncontent-length: ";
        std::size_t length = 0;
        if (const std::size_t at = head.find(length_name); at != std::string_view::npos)
            std::from_chars(head.data() + at + length_name.size(), head.data() + head.size(), length);
        const std::size_t whole = head_end + 4 + length;
        if (from.pending.size() < whole) return false;
        if (head.starts_with("PUT")) {
            put(from, head.find(".flotilla-probe ") != std::string_view::npos, std::string_view(from.pending).substr(head_end + 4, length));
        } else {
            list(from, head.find("uploads") != std::string_view::npos ? "ListMultipartUploadsResult" : "ListBucketResult");
        }
        from.pending.erase(0, whole);
        return true;
    }

    // The head is as RADOS gateway's.
    void put(const peer& to, bool probe, std::string_view body) {
        if (probe) return send(to, "HTTP/1.1 412 Precondition Failed\r\nContent-Length: 0\r\n\r\n");
        seen_->puts += 1;
        seen_->bytes += body.size();
        seen_->sum += sum_of(body);
        send(to, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nETag: \"0f343b0931126a20f133d67c2b018a3b\"\r\nAccept-Ranges: bytes\r\n"
                 "x-amz-request-id: tx00000000000000000002f-0065a0b1c2-1043-default\r\nDate: Tue, 24 Nov 2026 08:00:00 GMT\r\n"
                 "Connection: Keep-Alive\r\n\r\n");
    }

    static void list(const peer& to, const std::string& root) {
        const std::string body = "<?xml version=\"1.0\"?><" + root + "><IsTruncated>false</IsTruncated></" + root + ">";
        send(to, "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
    }

    std::string ca_file_;
    counters* seen_ = nullptr;
    std::uint16_t port_ = 0, tls_port_ = 0;
    pid_t child_ = -1;
};

}  // namespace bench
