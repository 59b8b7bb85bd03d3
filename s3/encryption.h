// What a store shall do with objects at rest. Pure.
#pragma once

#include <string>

#include "s3/secret.h"

namespace s3 {

enum class encryption_kind {
    none,      // whatever the bucket's default is
    sse_s3,    // AES256, the store's keys
    sse_kms,   // keys of the key management service
    customer,  // SSE-C: our key travels with every request, so only over TLS
};

struct encryption {
    encryption_kind kind = encryption_kind::none;
    std::string kms_key_id;  // sse_kms; empty: the account's default key
    secret customer_key;     // customer: 32 bytes
};

}  // namespace s3
