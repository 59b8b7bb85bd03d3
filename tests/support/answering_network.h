// A network whose every host is a function: from a request's text to an answer's. For what no real server does on demand.
#pragma once

#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "io/network.h"

namespace tests {

class answering_network final : public io::network {
public:
    using answerer = std::function<std::string(const std::string& request)>;
    // An empty answer closes the connection.
    explicit answering_network(answerer answer) : answer_(std::move(answer)) {}

    std::vector<std::string> requests;  // whole, in order
    std::vector<io::peer> connected;
    std::function<io::task<void>()> before_connect = {};
    const io::clock* time = nullptr;  // if set, a call whose time is over ends so

    io::task<io::result<std::unique_ptr<io::byte_stream>>> connect(io::peer to, io::instant) override {
        connected.push_back(to);
        if (before_connect) co_await before_connect();
        co_return std::unique_ptr<io::byte_stream>(std::make_unique<stream>(*this));
    }

private:
    class stream final : public io::byte_stream {
    public:
        explicit stream(answering_network& owner) : owner_(owner) {}

        io::task<io::result<std::size_t>> read_some(io::byte_span into, io::patience limit) override {
            if (owner_.time != nullptr && owner_.time->now() > limit.until) co_return io::error{io::errc::timed_out, io::subject::general, "late"};
            const std::size_t size = std::min(into.size(), waiting_.size());
            std::copy_n(waiting_.begin(), size, into.begin());
            waiting_.erase(0, size);
            co_return size;
        }
        io::task<io::result<void>> write(io::byte_view first, io::byte_view second, io::patience) override {
            std::string request(io::text_of(first));
            request += io::text_of(second);
            owner_.requests.push_back(request);
            waiting_ += owner_.answer_(request);
            co_return io::result<void>();
        }
        void close() override {}

    private:
        answering_network& owner_;
        std::string waiting_;
    };

    answerer answer_;
};

// "HTTP/1.1 <status and reason>" with these headers ("name: value\r\n" each) and body.
inline std::string http_answer(const std::string& status, const std::string& body = "", const std::string& headers = "") {
    return "HTTP/1.1 " + status + "\r\n" + headers + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

}  // namespace tests
