// What an answer whose status is no success says of itself. Pure; untrusted.
#pragma once

#include <optional>
#include <string>

#include "io/bytes.h"
#include "s3/http.h"

namespace s3 {

struct error_document {
    enum class body_kind {
        empty,      // no body: a HEAD's answer
        xml,        // a whole error document
        html,       // a web page
        malformed,  // cut off, or anything else
    };
    body_kind kind = body_kind::empty;
    std::string code;     // "NoSuchKey"; only from a whole document, so that no half word is ever acted upon
    std::string message;  // printable, shortened
    std::string request_id;
    std::string region;    // the bucket's, if the server gives it away
    std::string endpoint;  // the server to talk to instead, if it is named
};

// Never fails: what cannot be read is left empty.
error_document read_error(const http_response_head& head, io::byte_view body);

}  // namespace s3
