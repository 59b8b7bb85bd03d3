#include "s3/sigv4.h"

#include <fmt/format.h>

#include "s3/canonical.h"
#include "s3/digest.h"

namespace s3 {
namespace {

std::string payload_of(const http_request& request, payload_signing how) {
    if (how == payload_signing::unsigned_payload) return "UNSIGNED-PAYLOAD";
    return request.body_sha256.empty() ? to_hex(sha256(request.body.view())) : request.body_sha256;
}

}  // namespace

sha256_digest signing_key(const secret& secret_key, std::string_view day, std::string_view region, std::string_view service) {
    secret seed("AWS4" + secret_key.reveal());
    const auto of_day = hmac_sha256(io::view_of(seed.reveal()), io::view_of(day));
    const auto of_region = hmac_sha256(of_day, io::view_of(region));
    const auto of_service = hmac_sha256(of_region, io::view_of(service));
    return hmac_sha256(of_service, io::view_of("aws4_request"));
}

void signer::sign(http_request& request, const credentials& with, std::int64_t wall_ms, payload_signing how) {
    const std::string date = amz_date(wall_ms);
    const std::string day = date.substr(0, 8);
    const std::string payload = payload_of(request, how);
    set_header(request.headers, "x-amz-date", date);
    set_header(request.headers, "x-amz-content-sha256", payload);
    if (with.session_token.empty()) {
        erase_header(request.headers, "x-amz-security-token");
    } else {
        set_header(request.headers, "x-amz-security-token", with.session_token.reveal());
    }
    const std::string scope = fmt::format("{}/{}/{}/aws4_request", day, region_, service_);
    const auto canonical = canonical_request(request, payload);
    const auto signature = hmac_sha256(key_for(with.secret_key, day), io::view_of(string_to_sign(date, scope, canonical.text)));
    set_header(request.headers, "authorization",
               fmt::format("AWS4-HMAC-SHA256 Credential={}/{}, SignedHeaders={}, Signature={}", with.access_key, scope, canonical.signed_headers,
                           to_hex(signature)));
}

const sha256_digest& signer::key_for(const secret& secret_key, std::string_view day) {
    if (cached_day_ != day || cached_secret_ != secret_key) {
        cached_key_ = signing_key(secret_key, day, region_, service_);
        cached_secret_ = secret_key;
        cached_day_ = day;
    }
    return cached_key_;
}

}  // namespace s3
