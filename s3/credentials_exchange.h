// The conversation that brings temporary credentials: which request comes next, and what its answer means. Pure: STS and containers
// take one request, an instance three (IMDSv2: a session token, the role's name, its credentials; there is no way back to IMDSv1).
// Source: Amazon EC2 User Guide, "Use IMDSv2"; Amazon ECS Developer Guide, "Task IAM role"; AWS STS API Reference, version 2011-06-15.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "io/error.h"
#include "s3/credentials_origin.h"
#include "s3/http.h"

namespace s3 {

class credentials_exchange {
public:
    // `origin` is not plain credentials. `token` is what its token_file holds, if it names one (a line break at the end is dropped).
    // invalid (subject::usage) if a token is needed and this is none: empty, over 64 KiB, or with characters that no header can carry.
    static io::result<credentials_exchange> begin(const credentials_origin& origin, std::string_view token);

    // Where the requests go.
    const server_address& server() const;
    // The next request; complete, not signed. It carries secrets: never log it.
    http_request next() const;
    // The answer to next(), its body read whole: the credentials, or nothing if next() is to be sent. Errors: subject::store; busy and
    // io_failure (429, 5xx, a document that cannot be read): begin anew later; access_denied: refused, the context says by whom and why.
    io::result<std::optional<credentials>> take(const http_response& answer);

private:
    explicit credentials_exchange(credentials_origin origin) : origin_(std::move(origin)) {}
    io::error refused(const http_response& answer) const;

    credentials_origin origin_;
    secret token_;      // of the web identity or the container
    secret session_;    // IMDSv2's, once it is there
    std::string role_;  // the instance's, once it is known
};

}  // namespace s3
