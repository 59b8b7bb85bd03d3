// A network whose peers are scripts, and a clock that jumps to whatever is waited for: what a client does about broken peers, without
// a socket and without waiting.
#pragma once

#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "io/clock.h"
#include "io/network.h"
#include "tests/support/scripted_stream.h"

namespace tests {

// Every wait ends at once, and it is as late then as was waited for. For tests in which one thing waits at a time.
class jumping_clock final : public io::clock {
public:
    io::instant now() const override { return start_ + passed_; }
    std::int64_t wall_ms() const override { return wall_start_ms + std::chrono::duration_cast<std::chrono::milliseconds>(passed_).count(); }
    std::unique_ptr<io::timer> make_timer(io::executor) override { return std::make_unique<jump>(*this); }

    void advance(io::duration time) { passed_ += time; }
    io::duration passed() const { return passed_; }

    std::int64_t wall_start_ms = 784111777000;  // Sun, 06 Nov 1994 08:49:37 GMT

private:
    class jump final : public io::timer {
    public:
        explicit jump(jumping_clock& owner) : owner_(owner) {}
        // A wait without an end only lets others run.
        io::task<void> wait_until(io::instant at) override {
            if (at != io::instant::max() && at > owner_.now()) owner_.advance(at - owner_.now());
            co_await boost::asio::post(co_await boost::asio::this_coro::executor, boost::asio::use_awaitable);
        }
        void cancel() override {}

    private:
        jumping_clock& owner_;
    };

    io::instant start_{std::chrono::hours(1)};
    io::duration passed_{};
};

class scripted_network final : public io::network {
public:
    // The next connection's answers, one for each read; an empty list refuses the connection. Without one connect() fails, too.
    void add(std::deque<std::string> answers) { scripts_.push_back(std::move(answers)); }

    io::task<io::result<std::unique_ptr<io::byte_stream>>> connect(io::peer, io::instant) override {
        ++connects;
        if (scripts_.empty() || scripts_.front().empty()) {
            if (!scripts_.empty()) scripts_.pop_front();
            co_return io::error{io::errc::io_failure, io::subject::general, "connection refused"};
        }
        auto stream = std::make_unique<recording_stream>(*this, std::move(scripts_.front()));
        scripts_.pop_front();
        co_return std::move(stream);
    }

    int connects = 0;
    std::vector<std::string> requests;  // as they were sent, each with its body
    std::size_t unused() const { return scripts_.size(); }

private:
    class recording_stream final : public io::byte_stream {
    public:
        recording_stream(scripted_network& owner, std::deque<std::string> answers) : owner_(owner), answers_(std::move(answers)) {}
        io::task<io::result<std::size_t>> read_some(io::byte_span into, io::patience limit) override { return answers_.read_some(into, limit); }
        io::task<io::result<void>> write(io::byte_view first, io::byte_view second, io::patience) override {
            owner_.requests.emplace_back(io::text_of(first));
            owner_.requests.back() += io::text_of(second);
            co_return io::result<void>();
        }
        void close() override { answers_.close(); }

    private:
        scripted_network& owner_;
        scripted_stream answers_;
    };

    std::deque<std::deque<std::string>> scripts_;
};

}  // namespace tests
