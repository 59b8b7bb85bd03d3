// AWS Signature Version 4 in the Authorization header, by S3's rules: the path is signed exactly as it is sent (encoded once, "."
// and "//" kept), and the hash of the body travels in x-amz-content-sha256. Pure.
// Source: AWS General Reference, "Signature Version 4"; S3 API Reference, "Authenticating Requests: Using the Authorization Header".
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "s3/credentials.h"
#include "s3/digest.h"
#include "s3/http.h"

namespace s3 {

// Whether the body's bytes are under the signature. Unsigned saves hashing them; it is only for TLS, which protects them already.
enum class payload_signing { hashed, unsigned_payload };

// Four HMACs: what signatures of one day, region and service are made with.
sha256_digest signing_key(const secret& secret_key, std::string_view day, std::string_view region, std::string_view service);

// Signs for one region and service. Keeps the signing key of the last (secret, day). One thread.
class signer {
public:
    explicit signer(std::string region, std::string service = "s3") : region_(std::move(region)), service_(std::move(service)) {}

    // Sets x-amz-date, x-amz-content-sha256, x-amz-security-token (or removes an older attempt's) and authorization. Every header
    // that the request has by then is signed, so it must have "host"; what is added later is not. `wall_ms` (ms since 1970) is the
    // server's time as far as we know it: it refuses more than 15 minutes of difference. May be called again for the next attempt.
    void sign(http_request& request, const credentials& with, std::int64_t wall_ms, payload_signing how);

    const std::string& region() const { return region_; }

private:
    const sha256_digest& key_for(const secret& secret_key, std::string_view day);

    std::string region_;
    std::string service_;
    secret cached_secret_;
    std::string cached_day_;
    sha256_digest cached_key_{};
};

}  // namespace s3
