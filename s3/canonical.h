// The texts under a Signature Version 4. Pure.
// Source: AWS General Reference, "Create a signed AWS API request", steps 1 to 3, with S3's exception: paths are encoded once.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "s3/http.h"

namespace s3 {

// "20150830T123600Z"; its first eight characters are the day of the scope. `wall_ms` is in ms since 1970, from year 0 to 9999.
std::string amz_date(std::int64_t wall_ms);

struct canonical_text {
    std::string text;
    std::string signed_headers;  // "host;range;x-amz-date"
};

// Of every header that the request has but "authorization", "connection", "expect", "transfer-encoding" and "user-agent", which
// proxies change. Names in lower case and sorted; values trimmed, with inner runs of blanks as one; equal names joined by ','.
// `payload_hash` is what x-amz-content-sha256 says: 64 hex digits or "UNSIGNED-PAYLOAD".
canonical_text canonical_request(const http_request& request, std::string_view payload_hash);

// `scope` is "<day>/<region>/<service>/aws4_request".
std::string string_to_sign(std::string_view date, std::string_view scope, std::string_view canonical_request);

}  // namespace s3
