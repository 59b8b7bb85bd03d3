// The server's side of HTTP/1.1 over one byte stream, for s3_server: whole requests in, answers out.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>

#include "io/network.h"
#include "s3/http.h"

namespace sim {

struct received {
    std::optional<s3::http_request> request;  // none: the connection has ended, or what came is not HTTP
    std::string broken;                       // why it is not
    bool has_length = false;                  // a Content-Length
};

class http_server {
public:
    // `stream` outlives it.
    explicit http_server(io::byte_stream& stream) : stream_(stream), buffer_(64U << 10U) {}

    // The next request, its body whole. Heads above 8 KiB, S3's limit, are refused; `idle` is how long a byte may take to come.
    io::task<received> receive(io::duration idle);
    // `chunked`: in pieces whose lengths go before them. Of the whole text only `most` bytes.
    io::task<bool> answer(const s3::http_response& what, bool to_head, bool chunked, std::size_t most);

private:
    io::byte_stream& stream_;
    io::bytes buffer_;
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
};

// "Thu, 01 Jan 2026 00:00:00 GMT"
std::string http_date(std::int64_t wall_ms);

}  // namespace sim
