// What a request is signed with.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "s3/secret.h"

namespace s3 {

struct credentials {
    std::string access_key;  // an identifier, not a secret: error messages may name it
    secret secret_key;
    secret session_token;                    // empty for long-lived keys
    std::optional<std::int64_t> expires_ms;  // wall clock, ms since 1970; none for long-lived keys

    bool operator==(const credentials&) const = default;
};

// What goes into a header must be printable ASCII, the access key a word without ',', '/' and blanks. A line break at the end of a
// variable or file is the common case of a violation.
bool fits_headers(const credentials& what);

}  // namespace s3
