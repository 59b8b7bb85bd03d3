// What a PUT of 4 KiB costs this process in CPU, on 32 connections at once, plain and over TLS: the client's whole way (request, signature,
// pool, HTTP) beside a bare epoll loop that writes the same prebuilt request and waits for the answer. Both to one server on loopback in a
// process of its own that only counts. In turns; the best round of each, without connecting and handshakes for the bare loop. CPU time of the client's thread:
// the server does not count. Usage: bench_s3_put
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <fmt/format.h>

#include <atomic>
#include <filesystem>
#include <map>

#include "bench/timing.h"
#include "io/task_group.h"
#include "io/tcp_network.h"
#include "s3/client.h"
#include "tests/support/real_environment.h"

namespace {

constexpr int connections = 32;
constexpr int each = 400;  // PUTs on every connection, in each round
constexpr int rounds = 7;
constexpr std::size_t body_size = 4096;

double cpu_now() {
    timespec at{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &at);
    return static_cast<double>(at.tv_sec) + static_cast<double>(at.tv_nsec) * 1e-9;
}

struct counters {
    std::atomic<std::uint64_t> requests, bytes;
};

// A blocking connection, plain or TLS.
class wire {
public:
    wire() = default;
    // `tls`: null for plain TCP. The handshake is made here.
    wire(int fd, SSL_CTX* tls, bool accepts) : fd_(fd) {
        const int on = 1;
        ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        if (tls == nullptr) return;
        tls_ = SSL_new(tls);
        SSL_set_fd(tls_, fd);
        if ((accepts ? SSL_accept(tls_) : SSL_connect(tls_)) != 1) bench::refuse("no TLS handshake");
    }
    int read(char* into, int size) const { return tls_ != nullptr ? SSL_read(tls_, into, size) : static_cast<int>(::read(fd_, into, static_cast<std::size_t>(size))); }
    void write(const std::string& text) const {
        const int size = static_cast<int>(text.size());
        const int sent = tls_ != nullptr ? SSL_write(tls_, text.data(), size) : static_cast<int>(::write(fd_, text.data(), text.size()));
        if (sent != size) bench::refuse("a short write");
    }
    bool more_is_here() const { return tls_ != nullptr && SSL_pending(tls_) > 0; }
    void close() {
        SSL_free(tls_);
        ::close(fd_);
    }

private:
    int fd_ = -1;
    SSL* tls_ = nullptr;
};

// Answers every request when its body is there.
[[noreturn]] void serve(int listener, SSL_CTX* tls, counters& seen) {
    const std::string answer = "HTTP/1.1 200 OK\r\nETag: \"0123456789abcdef0123456789abcdef\"\r\nx-amz-request-id: tx0001\r\nContent-Length: 0\r\n\r\n";
    const int poll = ::epoll_create1(0);
    epoll_event event{EPOLLIN, {.fd = listener}};
    ::epoll_ctl(poll, EPOLL_CTL_ADD, listener, &event);
    struct peer {
        wire on;
        std::string text;
    };
    std::map<int, peer> peers;
    std::vector<char> buffer(64 << 10);
    while (true) {
        epoll_event ready[64];
        const int count = ::epoll_wait(poll, ready, 64, -1);
        for (int i = 0; i < count; ++i) {
            const int fd = ready[i].data.fd;
            if (fd == listener) {
                epoll_event added{EPOLLIN, {.fd = ::accept(listener, nullptr, nullptr)}};
                peers[added.data.fd] = {wire(added.data.fd, tls, true), ""};
                ::epoll_ctl(poll, EPOLL_CTL_ADD, added.data.fd, &added);
                continue;
            }
            peer& from = peers[fd];
            int size = 0;
            do {
                size = from.on.read(buffer.data(), static_cast<int>(buffer.size()));
                if (size > 0) from.text.append(buffer.data(), static_cast<std::size_t>(size));
            } while (size > 0 && from.on.more_is_here());
            if (size <= 0) {
                from.on.close();
                peers.erase(fd);
                continue;
            }
            const std::size_t head = from.text.find("\r\n\r\n");
            if (head == std::string::npos || from.text.size() < head + 4 + body_size) continue;
            ++seen.requests;
            seen.bytes += from.text.size() - head - 4;
            from.text.clear();
            from.on.write(answer);
        }
    }
}

class server {
public:
    explicit server(SSL_CTX* tls) : seen_(static_cast<counters*>(::mmap(nullptr, sizeof(counters), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0))) {
        const int listener = ::socket(AF_INET, SOCK_STREAM, 0);
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        auto* any = reinterpret_cast<sockaddr*>(&address);
        if (::bind(listener, any, size) != 0 || ::listen(listener, 64) != 0 || ::getsockname(listener, any, &size) != 0) bench::refuse("cannot listen");
        child_ = ::fork();
        if (child_ == 0) serve(listener, tls, *seen_);
        ::close(listener);
    }
    ~server() {
        ::kill(child_, SIGKILL);
        ::waitpid(child_, nullptr, 0);
    }
    server(const server&) = delete;
    server& operator=(const server&) = delete;

    sockaddr_in address{};
    // Refuses to go on unless exactly one round's requests came since the last call.
    void expect_a_round() {
        const std::uint64_t expected = static_cast<std::uint64_t>(connections) * each;
        if (seen_->requests.exchange(0) != expected || seen_->bytes.exchange(0) != expected * body_size) bench::refuse("the server has not seen what was sent");
    }

private:
    counters* seen_;
    pid_t child_ = 0;
};

// CPU seconds of one round.
double bare(const server& to, SSL_CTX* tls, const std::string& request) {
    const int poll = ::epoll_create1(0);
    struct peer {
        wire on;
        int left = each;
    };
    std::map<int, peer> peers;
    for (int i = 0; i < connections; ++i) {
        const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
        if (::connect(fd, reinterpret_cast<const sockaddr*>(&to.address), sizeof to.address) != 0) bench::refuse("cannot connect");
        peers[fd].on = wire(fd, tls, false);
        epoll_event event{EPOLLIN, {.fd = fd}};
        ::epoll_ctl(poll, EPOLL_CTL_ADD, fd, &event);
    }
    const double begin = cpu_now();
    for (const auto& [fd, one] : peers) one.on.write(request);
    char answer[1024];
    for (int open = connections; open > 0;) {
        epoll_event ready[connections];
        const int count = ::epoll_wait(poll, ready, connections, -1);
        for (int i = 0; i < count; ++i) {
            peer& from = peers[ready[i].data.fd];
            if (from.on.read(answer, sizeof answer) <= 0) bench::refuse("the server has gone");
            if (--from.left > 0) from.on.write(request);
            else --open;
        }
    }
    const double used = cpu_now() - begin;
    for (auto& [fd, one] : peers) one.on.close();
    ::close(poll);
    return used;
}

class fixed_credentials final : public s3::credentials_source {
public:
    io::task<io::result<s3::credentials>> get() override { co_return these; }
    void refused(const s3::credentials&) override {}
    const s3::credentials these{"AKIDEXAMPLE", s3::secret("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"), {}, {}};
};

s3::call make_put(const s3::store_url& where, const s3::shared_bytes& data, int n) {
    constexpr auto absent = s3::write_condition::kind::if_absent;
    const std::string key = fmt::format("app.db/0000/{:016x}-{:016x}.ltx", n, n);
    return {s3::operation::put_object, key, s3::put_object(where, key, data, {{"litestream-timestamp", "2026-11-23T08:00:00.123000000Z"}}, {absent, {}}), absent};
}

double ours(tests::real_environment& world, s3::client& client, const s3::shared_bytes& data) {
    const auto writer = [&](int first) -> io::task<void> {
        for (int i = 0; i < each; ++i) {
            auto done = co_await client.send(make_put(client.where(), data, first * each + i));
            if (!done) bench::refuse(done.error().context);
        }
    };
    const auto all = [&]() -> io::task<void> {
        io::task_group group(world.env.time, world.env.on);
        for (int i = 0; i < connections; ++i) group.spawn(writer(i));
        co_await group.join();
    };
    const double begin = cpu_now();
    world.run(all());
    return cpu_now() - begin;
}

// Of a request with that body: seconds a signature.
double signing(const s3::store_url& where, const s3::shared_bytes& data, const s3::credentials& keys) {
    s3::signer signer(where.at.region);
    auto request = make_put(where, data, 1).request;
    constexpr int times = connections * each;
    const double begin = cpu_now();
    for (int i = 0; i < times; ++i) signer.sign(request, keys, 1795420800000 + i * 1000, where.signing);
    return (cpu_now() - begin) / times;
}

std::string as_text(s3::http_request request) {
    std::string text = request.method + " " + request.target() + " HTTP/1.1\r\n";
    for (const auto& header : request.headers) text += header.name + ": " + header.value + "\r\n";
    return text + fmt::format("content-length: {}\r\n\r\n", request.body.size()) + std::string(io::text_of(request.body.view()));
}

// A key and a certificate for 127.0.0.1 in `directory`.
void make_certificate(const std::string& directory) {
    const std::string command = fmt::format(
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout {0}/key.pem -out {0}/cert.pem -days 2 -subj /CN=localhost "
        "-addext subjectAltName=IP:127.0.0.1 2>/dev/null",
        directory);
    if (std::system(command.c_str()) != 0) bench::refuse("openssl cannot make a certificate");
}

// `directory` holds the certificate if it is over TLS.
void compare(const std::string& directory, bool over_tls) {
    SSL_CTX* of_server = over_tls ? SSL_CTX_new(TLS_server_method()) : nullptr;
    SSL_CTX* of_client = over_tls ? SSL_CTX_new(TLS_client_method()) : nullptr;
    if (over_tls && (SSL_CTX_use_certificate_file(of_server, (directory + "/cert.pem").c_str(), SSL_FILETYPE_PEM) != 1 ||
                     SSL_CTX_use_PrivateKey_file(of_server, (directory + "/key.pem").c_str(), SSL_FILETYPE_PEM) != 1))
        bench::refuse("the certificate cannot be used");
    server there(of_server);
    tests::real_environment world;
    io::tcp_network net(world.env.on);
    fixed_credentials keys;
    const auto url = fmt::format("s3://bkt?endpoint={}://127.0.0.1:{}&region=us-east-1{}", over_tls ? "https" : "http", ntohs(there.address.sin_port),
                                 over_tls ? "&ca=" + directory + "/cert.pem" : "");
    auto where = s3::parse_store_url(url, {});
    bench::need(where);
    const s3::shared_bytes data = io::bytes(body_size, 0x5a);
    s3::client_settings settings;
    settings.pool.most = connections;
    s3::client client(world.env, net, keys, *where, settings);
    auto request = make_put(*where, data, 1).request;
    s3::signer(where->at.region).sign(request, keys.these, 1795420800000, where->signing);
    const std::string prebuilt = as_text(request);

    double best_bare = 1e9, best_ours = 1e9, best_signing = 1e9;
    for (int i = 0; i < rounds; ++i) {
        best_bare = std::min(best_bare, bare(there, of_client, prebuilt));
        there.expect_a_round();
        best_ours = std::min(best_ours, ours(world, client, data));
        there.expect_a_round();
        best_signing = std::min(best_signing, signing(*where, data, keys.these));
    }
    const double micro = 1e6 / (connections * each);
    const double rest = best_ours * micro - best_signing * 1e6;
    fmt::print("4 KiB PUT {}, {} connections, CPU: {:.1f} us (signature {:.1f}, the rest {:.1f}), bare epoll with a prebuilt request {:.1f} us: {:.2f} times\n",
               over_tls ? "over TLS" : "plain", connections, best_ours * micro, best_signing * 1e6, rest, best_bare * micro, rest / (best_bare * micro));
    SSL_CTX_free(of_server);
    SSL_CTX_free(of_client);
}

}  // namespace

int main() {
    const std::string directory = bench::scratch_directory();
    make_certificate(directory);
    compare(directory, false);
    compare(directory, true);
    std::filesystem::remove_all(directory);
}
