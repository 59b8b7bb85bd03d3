// What a request must prove before an S3 server looks at it: who signed it, when, and that it is what was signed. Stricter than S3: every header
// but those that proxies change must be signed, queries must be in canonical order, and nothing may be there that this server does not know.
// Written from the specification, not from s3/, but for hashes and the signing key.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "s3/credentials.h"
#include "s3/digest.h"
#include "s3/http.h"

namespace sim {

struct s3_refusal {
    unsigned status = 400;
    std::string code;
    std::string why;
    bool offence = true;  // a proper client never gives cause for it, whatever its clock says
};

class s3_guard {
public:
    s3_guard(s3::credentials keys, std::string region, std::string host) : keys_(std::move(keys)), region_(std::move(region)), host_(std::move(host)) {}

    // Nothing, or why the request is refused. `has_length`: it came with a Content-Length.
    std::optional<s3_refusal> check(const s3::http_request& request, bool has_length, std::int64_t wall_ms);

private:
    struct authorization;
    std::optional<s3_refusal> check_scope(const authorization& said, const std::string& date, std::int64_t wall_ms) const;
    std::optional<s3_refusal> check_headers(const s3::http_request& request, const authorization& said) const;
    std::string signature(const s3::http_request& request, const authorization& said, const std::string& date);

    s3::credentials keys_;
    std::string region_;
    std::string host_;
    std::string day_;  // of the key
    s3::sha256_digest key_{};
};

}  // namespace sim
