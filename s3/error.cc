#include "s3/error.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "s3/error_document.h"
#include "s3/http_date.h"
#include "s3/printable.h"

namespace s3 {
namespace {

using io::errc;
using kind = write_condition::kind;
using body_kind = error_document::body_kind;

// What is made of an answer: the code, and what to do in words.
struct verdict {
    errc code;
    std::string advice;
};

struct answer {
    const store_url& in;
    const request_facts& asked;
    const http_response_head& head;
    const error_document& says;

    bool is(std::initializer_list<std::string_view> codes) const { return std::ranges::find(codes, std::string_view(says.code)) != codes.end(); }
    unsigned status() const { return head.status; }
};

bool fragile(const request_facts& asked) { return asked.condition != kind::always || asked.what == operation::complete_upload; }

bool on_bucket(const request_facts& asked) { return asked.key.empty(); }

std::string resource(const store_url& in, const request_facts& asked) {
    std::string key = asked.key;
    std::ranges::replace_if(key, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }, '?');
    return fmt::format("s3://{}{}{}", in.at.bucket, key.empty() ? "" : "/", key);
}

bool skewed(const answer& a) {
    if (a.is({"RequestTimeTooSkewed"})) return true;
    if (a.status() != 403 || !a.says.code.empty()) return false;  // a HEAD's 403 has no words: compare the clocks
    const auto* date = a.head.find("date");
    const auto server = date == nullptr ? std::nullopt : parse_http_date(*date);
    return server && std::abs(*server - a.asked.signed_ms) > 5 * 60 * 1000;
}

bool expired(const answer& a) { return a.is({"ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired", "InvalidToken", "RequestExpired"}); }

std::optional<verdict> about_region(const answer& a) {
    const bool named = !a.says.region.empty() && a.says.region != a.in.at.region;
    const bool redirected = a.status() == 301 || a.status() == 307 || a.status() == 308;
    const bool says_so = a.is({"PermanentRedirect", "AuthorizationHeaderMalformed", "IllegalLocationConstraintException", "TemporaryRedirect"});
    if (named && (redirected || says_so || a.status() == 400))
        return verdict{errc::invalid, fmt::format("the bucket is in region {}, not {}: say region={}", a.says.region, a.in.at.region, a.says.region)};
    if (a.is({"TemporaryRedirect"})) return verdict{errc::busy, "the bucket is not yet known everywhere: trying again helps"};
    if (redirected || a.is({"PermanentRedirect"})) {
        const auto* location = a.head.find("location");
        const std::string to = !a.says.endpoint.empty() ? a.says.endpoint : location != nullptr ? printable(*location) : "another server";
        return verdict{errc::invalid, fmt::format("redirected to {}: say region= or endpoint= accordingly", to)};
    }
    if (says_so) return verdict{errc::invalid, fmt::format("region {} is not accepted: say region=", a.in.at.region)};
    return std::nullopt;
}

std::optional<verdict> about_permission(const answer& a) {
    const auto denied = [](std::string advice) { return verdict{errc::access_denied, std::move(advice)}; };
    if (skewed(a)) return denied("the clock of this host and the server's differ by more than 15 minutes: set this host's clock (NTP)");
    if (expired(a)) return denied("the session's credentials have expired: they must be renewed");
    if (a.is({"QuotaExceeded"})) return verdict{errc::no_space, "the quota is used up: raise it or remove objects"};
    if (a.is({"InvalidObjectState"})) return verdict{errc::unsupported, "the object is archived: bring it back to a class that can be read at once"};
    if (a.is({"InvalidAccessKeyId"})) return denied(fmt::format("access key {} is unknown there: check the credentials and the endpoint", a.asked.access_key));
    if (a.is({"SignatureDoesNotMatch"}))
        return denied(fmt::format("the secret does not belong to access key {}, or something in between changes requests", a.asked.access_key));
    if (a.says.code.starts_with("KMS.")) return denied("the encryption key cannot be used: check its state and its policy");
    if (a.status() != 401 && a.status() != 403 && a.status() != 407 && !a.is({"AccessDenied"})) return std::nullopt;
    if (a.says.kind == body_kind::html) return denied("a web page forbids it: a proxy is in between, or that is no S3 service");
    return denied(fmt::format("access key {} may not do this: allow {} on {}", a.asked.access_key, permission(a.asked.what),
                              on_bucket(a.asked) ? "bucket " + a.in.at.bucket : resource(a.in, a.asked)));
}

std::optional<verdict> about_existence(const answer& a) {
    const verdict no_bucket{errc::invalid, fmt::format("there is no bucket {}: create it, or correct the URL", a.in.at.bucket)};
    if (a.is({"NoSuchBucket"})) return no_bucket;
    if (a.is({"NoSuchUpload"})) {
        if (a.asked.what == operation::abort_upload || a.asked.what == operation::list_parts)
            return verdict{errc::not_found, "there is no such upload"};
        if (a.asked.what == operation::complete_upload) return verdict{errc::outcome_unknown, "the upload is gone: completed before, or aborted by somebody"};
        return verdict{errc::io_failure, "the upload was aborted by somebody: begin it anew"};
    }
    if (a.is({"NoSuchKey", "NoSuchVersion"})) {
        if (a.asked.condition == kind::if_match) return verdict{errc::precondition_failed, "the object does not exist (any more)"};
        return verdict{errc::not_found, "there is no such object"};
    }
    if (a.status() != 404) return std::nullopt;
    if (a.says.kind == body_kind::empty && a.asked.what == operation::head_bucket) return no_bucket;
    if (a.says.kind == body_kind::empty && a.asked.what == operation::head_object) return verdict{errc::not_found, "there is no such object"};
    return verdict{fragile(a.asked) ? errc::outcome_unknown : errc::io_failure,
                   a.says.kind == body_kind::html ? "a web page answers: is that the address of an S3 service?" : "the answer does not say what was not found"};
}

std::optional<verdict> about_conditions(const answer& a) {
    if (a.status() == 412) {
        if (a.asked.condition == kind::if_absent) return verdict{errc::already_exists, "an object of that name exists"};
        return verdict{errc::precondition_failed, "the object is another one by now"};
    }
    if (a.is({"ConditionalRequestConflict", "OperationAborted"})) return verdict{errc::busy, "another write of the same name was under way; nothing was written"};
    if (a.is({"BucketAlreadyOwnedByYou", "BucketAlreadyExists"})) return verdict{errc::already_exists, "the bucket exists"};
    if (a.status() == 409) return verdict{fragile(a.asked) ? errc::outcome_unknown : errc::busy, "a conflict with another operation"};
    if (a.status() == 416) return verdict{errc::out_of_range, "the object ends before the range begins"};
    return std::nullopt;
}

// The server did not begin the work: trying again is safe for every operation.
std::optional<verdict> about_load(const answer& a) {
    const bool said = a.is({"SlowDown", "SlowDownRead", "SlowDownWrite", "ServiceUnavailable", "Busy", "RequestLimitExceeded", "TooManyRequests", "Throttling",
                            "ThrottlingException", "RequestThrottled", "BandwidthLimitExceeded"});
    if (a.status() == 429 || said) return verdict{errc::busy, "the server asks for fewer requests"};
    if (a.is({"RequestTimeout", "IncompleteBody", "BadDigest", "XAmzContentSHA256Mismatch", "XAmzContentChecksumMismatch"}))
        return verdict{errc::io_failure, "the request was damaged or cut off on its way"};
    return std::nullopt;
}

verdict about_status(const answer& a) {
    if (a.is({"EntityTooLarge"}) || a.status() == 413) return {errc::too_large, "larger than the server takes"};
    if (a.is({"InsufficientCapacity", "XMinioStorageFull"}) || a.status() == 507) return {errc::no_space, "the store is full"};
    if (a.status() == 501 && fragile(a.asked)) return {errc::unsupported, "this server does not do conditional writes"};
    if (a.status() == 501 || a.status() == 405 || a.status() == 505) return {errc::unsupported, "this server does not do that"};
    if (a.status() == 503 && !fragile(a.asked)) return {errc::busy, "the server is not available for now"};
    if (a.status() >= 500 && fragile(a.asked)) return {errc::outcome_unknown, "the server failed in the middle: the write may have taken place"};
    if (a.status() >= 500 || a.status() == 408) return {errc::io_failure, "the server failed"};
    if (a.status() >= 400) return {errc::invalid, "the server refuses the request"};
    return {fragile(a.asked) ? errc::outcome_unknown : errc::io_failure, "no status that belongs here"};
}

verdict decide(const answer& a) {
    for (const auto about : {about_conditions, about_load, about_region, about_permission, about_existence})
        if (auto made = about(a)) return *std::move(made);
    return about_status(a);
}

}  // namespace

std::string title(const store_url& in, const request_facts& asked) { return fmt::format("{} {}", name(asked.what), resource(in, asked)); }

failure judge(const store_url& in, const request_facts& asked, const http_response_head& head, io::byte_view body) {
    const error_document says = read_error(head, body);
    const answer a{in, asked, head, says};
    const verdict made = decide(a);
    failure out;
    std::string context = fmt::format("{}: HTTP {}{}{}: {}", title(in, asked), head.status, says.code.empty() ? "" : " ", says.code, made.advice);
    if (!says.message.empty()) context += fmt::format(" (the server says: {})", says.message);
    if (!says.request_id.empty()) context += fmt::format(", request id {}", says.request_id);
    out.error = {made.code, io::subject::store, std::move(context)};
    out.credentials_expired = expired(a);
    const auto* date = head.find("date");
    const auto server_ms = date == nullptr ? std::nullopt : parse_http_date(*date);
    if (skewed(a)) out.server_ms = server_ms;
    if (const auto* wait = head.find("retry-after")) out.retry_after = parse_retry_after(*wait, server_ms.value_or(asked.signed_ms));
    return out;
}

io::error judge_lost(const store_url& in, const request_facts& asked, const io::error& cause, bool sent) {
    const std::string server = in.at.connect_to().authority();
    if (sent && fragile(asked)) {
        return {errc::outcome_unknown, io::subject::store,
                fmt::format("{}: no answer from {}: the write may have taken place: {}", title(in, asked), server, cause.context)};
    }
    if (sent) return {cause.code, io::subject::store, fmt::format("{}: {}: {}", title(in, asked), server, cause.context)};
    // What failed to connect names the peer itself.
    const std::string_view advice = cause.code == errc::access_denied ? " (ca=FILE does that; if the certificate is another host's, correct endpoint=)" : "";
    return {cause.code, io::subject::store, fmt::format("{}: {}{}", title(in, asked), cause.context, advice)};
}

}  // namespace s3
