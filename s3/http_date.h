// Dates in HTTP headers. Pure. Source: RFC 9110, sections 5.6.7 and 10.2.3.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "io/clock.h"

namespace s3 {

// All three forms: "Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"; ms since 1970.
// Two digits of a year mean 1970 to 2069. Nothing for anything else, a day that the month does not have included.
std::optional<std::int64_t> parse_http_date(std::string_view text);

// Retry-After: seconds, or a date that is compared with `now_ms` (ms since 1970, by the server's clock if that is known). A date in
// the past is no wait; more than a day is a day. Nothing if it is neither.
std::optional<io::duration> parse_retry_after(std::string_view text, std::int64_t now_ms);

}  // namespace s3
