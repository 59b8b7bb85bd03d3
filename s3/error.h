// From an answer that is no success to an error that says what happened, to what, and what to do about it. Pure.
//
// The code decides what may follow (io::classify): busy and io_failure may be tried again; outcome_unknown is a conditional write or
// the completion of an upload that may have taken place: read back, never repeat. Rules that are not obvious:
//
// - not_found only where a whole document says that the key (version, upload) does not exist, or where a HEAD has no body to say it in.
//   A missing bucket is invalid, a web page or a cut off document is io_failure: neither says anything about the key.
// - a conditional write met by 5xx is outcome_unknown unless the server says that it did not begin (429, 503 with S3's own codes):
//   Ceph's gateway answers 500 to losers and, now and then, a gateway in between answers for a server that has done the work.
// - 409 ConditionalRequestConflict and OperationAborted mean that nothing was written: busy.
// - If-Match on a key that does not exist is 404 on AWS and 412 elsewhere: precondition_failed.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "io/clock.h"
#include "io/error.h"
#include "s3/http.h"
#include "s3/operation.h"
#include "s3/request.h"
#include "s3/store_url.h"

namespace s3 {

// What was asked for.
struct request_facts {
    operation what = operation::get_object;
    std::string key;  // empty for operations on the bucket
    write_condition::kind condition = write_condition::kind::always;
    std::string access_key;      // for messages
    std::int64_t signed_ms = 0;  // the time under the signature, ms since 1970
};

struct failure {
    io::error error;                          // subject::store
    std::optional<io::duration> retry_after;  // what the server asked for
    bool credentials_expired = false;         // get new ones, then try again
    std::optional<std::int64_t> server_ms;    // the request was refused for its time: the server's clock, ms since 1970
};

// `head.status` is not 2xx.
failure judge(const store_url& in, const request_facts& asked, const http_response_head& head, io::byte_view body);

// The same for a request that got no answer: `cause` is the connection's error (subject::general). Conditional writes and completions
// of which a byte was sent become outcome_unknown; a certificate that is not trusted gets the advice that belongs to it.
io::error judge_lost(const store_url& in, const request_facts& asked, const io::error& cause, bool sent);

// "PutObject s3://bucket/key": what every message begins with.
std::string title(const store_url& in, const request_facts& asked);

}  // namespace s3
