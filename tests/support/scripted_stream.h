// A byte stream whose peer is a script: what it answers, in which pieces, and how it ends. For hostile and broken peers.
#pragma once

#include <algorithm>
#include <deque>
#include <string>
#include <utility>

#include "io/network.h"

namespace tests {

class scripted_stream final : public io::byte_stream {
public:
    // Each text is what one read may get at the most; after the last one the stream ends in order, or with `last`.
    explicit scripted_stream(std::deque<std::string> answers, io::result<void> last = {}) : answers_(std::move(answers)), last_(std::move(last)) {}

    std::string sent;                  // everything that was written
    io::result<void> write_outcome{};  // of every write

    io::task<io::result<std::size_t>> read_some(io::byte_span into, io::patience) override {
        if (answers_.empty()) {
            if (!last_) co_return last_.error();
            co_return std::size_t{0};
        }
        std::string& next = answers_.front();
        const std::size_t size = std::min(into.size(), next.size());
        std::copy_n(next.begin(), size, into.begin());
        next.erase(0, size);
        if (next.empty()) answers_.pop_front();
        co_return size;
    }

    io::task<io::result<void>> write(io::byte_view first, io::byte_view second, io::patience) override {
        sent += io::text_of(first);
        sent += io::text_of(second);
        co_return write_outcome;
    }

    void close() override { answers_.clear(); }

private:
    std::deque<std::string> answers_;
    io::result<void> last_;
};

}  // namespace tests
