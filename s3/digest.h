// Hashes and the texts they travel in. Pure.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "io/bytes.h"

namespace s3 {

using sha256_digest = std::array<std::uint8_t, 32>;

sha256_digest sha256(io::byte_view data);
// The key is not empty.
sha256_digest hmac_sha256(io::byte_view key, io::byte_view data);
// Of what S3 wants an MD5 for, integrity on the way: the batch delete's body and SSE-C keys. Not for security.
std::array<std::uint8_t, 16> md5(io::byte_view data);

// Two lower-case digits a byte.
std::string to_hex(io::byte_view data);
// RFC 4648 with padding.
std::string to_base64(io::byte_view data);

}  // namespace s3
