// The documents in which credentials arrive. Pure; untrusted: sizes are checked before anything is allocated, and no error ever shows
// a part of a document.
//
// Errors: subject::store; too_large (more than 64 KiB), io_failure (cut off, malformed, something is missing), access_denied (the
// document says that there are none, and why).
#pragma once

#include "io/bytes.h"
#include "io/error.h"
#include "s3/credentials.h"

namespace s3 {

constexpr std::size_t max_credentials_document = std::size_t{64} << 10;

// What the endpoints of ECS, EKS and EC2 answer: {"AccessKeyId", "SecretAccessKey", "Token", "Expiration", and of EC2 "Code":"Success"}.
io::result<credentials> read_json_credentials(io::byte_view body);

// What STS answers to AssumeRoleWithWebIdentity.
io::result<credentials> read_sts_credentials(io::byte_view body);

// Of a refusal by STS, or by an endpoint that speaks JSON: "code: message" as far as they can be read, printable; else "".
std::string read_sts_error(io::byte_view body);
std::string read_json_error(io::byte_view body);

}  // namespace s3
