// HTTP/1.1 over one byte stream: one exchange after the other. The request's text is our own, the answer is parsed by Beast.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "io/network.h"
#include "s3/http.h"

namespace s3 {

struct exchange_limits {
    io::patience time;
    std::uint64_t most_body = 1U << 20U;  // bytes of the answer's body; more is too_large
};

class http_connection {
public:
    // An answer's head beyond this is refused (real ones have about 1 KiB).
    static constexpr std::size_t most_head = 24U << 10U;
    // What a connection reads into: its memory between exchanges, beside the stream's own.
    static constexpr std::size_t buffer_size = 32U << 10U;

    explicit http_connection(std::unique_ptr<io::byte_stream> stream);

    // Sends the request, with "content-length", and reads the answer into `answer`; interim answers (1xx) are skipped. `request` and
    // `answer` must live until it ends. Whatever is returned, `answer` holds what had come by then: after an error in the middle of
    // the body its beginning. After an error the connection can only be destroyed.
    // Errors: the stream's; io_failure when the peer ends the stream early or speaks something else than HTTP; too_large. A body
    // without a length is accepted of errors only, because its truncation could not be seen.
    io::task<io::result<void>> exchange(const http_request& request, http_response& answer, exchange_limits limits);

    // Whether the last exchange got at least one byte of an answer: without one the peer may never have seen the request.
    bool answered() const { return answered_; }
    // Whether the connection can carry another exchange.
    bool reusable() const { return reusable_; }
    // Exchanges so far, the running one included.
    std::uint64_t exchanges() const { return exchanges_; }
    // Ends a running exchange with canceled.
    void close() { stream_->close(); }
    // Between exchanges: gives its descriptor back at `when`, unless the next one begins before.
    void close_at(io::instant when) { stream_->close_at(when); }

private:
    class parser;
    io::task<io::result<void>> receive(parser& into, exchange_limits limits);
    io::task<io::result<void>> fill(io::patience time);

    std::unique_ptr<io::byte_stream> stream_;
    io::bytes buffer_;
    std::size_t begin_ = 0;  // what was read and not parsed yet
    std::size_t end_ = 0;
    std::uint64_t exchanges_ = 0;
    bool answered_ = false;
    bool reusable_ = true;
};

}  // namespace s3
