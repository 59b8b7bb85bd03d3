// HTTP messages as values: what the pure code builds and reads, and what http_connection carries.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "io/bytes.h"

namespace s3 {

struct http_header {
    std::string name;   // as it goes on the wire; ours are lower case
    std::string value;  // without leading or trailing blanks
};

// Names are compared without regard to ASCII case. The first header of that name, or null.
const std::string* find_header(const std::vector<http_header>& headers, std::string_view name);
// Replaces the first header of that name and drops any further ones, or appends it.
void set_header(std::vector<http_header>& headers, std::string_view name, std::string value);
void erase_header(std::vector<http_header>& headers, std::string_view name);

// The bytes of a request: shared, because each attempt sends them again and the parts of one upload are stretches of one buffer.
// Copying copies a pointer.
class shared_bytes {
public:
    shared_bytes() = default;
    shared_bytes(io::bytes data) : owner_(std::make_shared<const io::bytes>(std::move(data))), view_(*owner_) {}
    // The stretch [offset, offset + length), which must lie inside.
    shared_bytes slice(std::size_t offset, std::size_t length) const {
        shared_bytes part = *this;
        part.view_ = view_.subspan(offset, length);
        return part;
    }
    io::byte_view view() const { return view_; }
    std::size_t size() const { return view_.size(); }

private:
    std::shared_ptr<const io::bytes> owner_;
    io::byte_view view_;
};

// The builders of request.h set "host"; sign() sets "authorization", "x-amz-date", "x-amz-content-sha256" and
// "x-amz-security-token". "content-length" (always, and 0 for a PUT or POST without a body) and "connection" are the connection's.
struct http_request {
    std::string method;  // "GET"
    std::string path;    // encoded, begins with '/', without the query
    std::string query;   // encoded, sorted by name, without '?'; may be empty
    std::vector<http_header> headers;
    shared_bytes body;
    std::string body_sha256 = {};  // in hex, if somebody has hashed the body already; else empty

    // Path and query as the request line has them.
    std::string target() const { return query.empty() ? path : path + "?" + query; }
};

struct http_response_head {
    unsigned status = 0;
    std::vector<http_header> headers;

    const std::string* find(std::string_view name) const { return find_header(headers, name); }
};

struct http_response {
    http_response_head head;
    io::bytes body;  // whole; of a HEAD, 204 or 304 always empty
};

}  // namespace s3
