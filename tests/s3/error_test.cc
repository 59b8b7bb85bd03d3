#include "s3/error.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "s3/error_document.h"

namespace {

using io::errc;
using s3::operation;
using when = s3::write_condition::kind;

constexpr std::int64_t now_ms = 784111777000;  // Sun, 06 Nov 1994 08:49:37 GMT

const s3::store_url aws = s3::parse_store_url("s3://bkt/p?region=eu-west-1", {}).value();
const s3::store_url own = s3::parse_store_url("s3://bkt/p?endpoint=https://h:8443", {}).value();

std::string document(std::string_view code, std::string_view more = "") {
    return fmt::format("<?xml version=\"1.0\" encoding=\"UTF-8\"?><Error><Code>{}</Code>{}<HostId>x</HostId></Error>", code, more);
}

const std::string page = "<!DOCTYPE html><html><body>nothing here<br></body></html>";
const std::string cut = "<?xml version=\"1.0\"?><Error><Code>NoSuchKey</Code><Mess";
const std::string none;

s3::request_facts facts(operation what, when condition = when::always) {
    const bool bucket = what == operation::list_objects || what == operation::head_bucket || what == operation::remove_objects;
    return {what, bucket ? "" : "p/k", condition, "AKIDEXAMPLE", now_ms};
}

s3::failure judged(const s3::request_facts& asked, unsigned status, const std::string& body, std::vector<s3::http_header> headers = {}, const s3::store_url& in = aws) {
    return s3::judge(in, asked, {status, std::move(headers)}, io::view_of(body));
}

struct row {
    operation what;
    when condition;
    unsigned status;
    std::string body;
    errc code;
};

std::ostream& operator<<(std::ostream& out, const row& r) {
    return out << s3::name(r.what) << (r.condition == when::always ? "" : " conditional") << ' ' << r.status << ' ' << r.body;
}

void check(const std::vector<row>& table) {
    for (const auto& r : table) {
        const auto failed = judged(facts(r.what, r.condition), r.status, r.body);
        EXPECT_EQ(io::name(failed.error.code), io::name(r.code)) << r << "\n" << failed.error.context;
        EXPECT_EQ(failed.error.about, io::subject::store);
    }
}

constexpr auto get = operation::get_object, head = operation::head_object, put = operation::put_object, list = operation::list_objects,
               complete = operation::complete_upload, part = operation::upload_part, removal = operation::remove_object;

TEST(error, not_found_is_only_what_says_so_of_the_object) {
    check({
        {get, when::always, 404, document("NoSuchKey"), errc::not_found},
        {get, when::always, 404, document("NoSuchVersion"), errc::not_found},
        {head, when::always, 404, none, errc::not_found},
        {removal, when::always, 404, document("NoSuchKey"), errc::not_found},
        {operation::abort_upload, when::always, 404, document("NoSuchUpload"), errc::not_found},
        {get, when::always, 404, document("NoSuchBucket"), errc::invalid},
        {list, when::always, 404, document("NoSuchBucket"), errc::invalid},
        {put, when::if_absent, 404, document("NoSuchBucket"), errc::invalid},
        {operation::head_bucket, when::always, 404, none, errc::invalid},
        {get, when::always, 404, page, errc::io_failure},
        {get, when::always, 404, cut, errc::io_failure},
        {get, when::always, 404, none, errc::io_failure},
        {get, when::always, 404, "not found", errc::io_failure},
        {list, when::always, 404, none, errc::io_failure},
        {part, when::always, 404, document("NoSuchUpload"), errc::io_failure},
    });
    EXPECT_EQ(judged(facts(head), 404, none, {{"content-type", "text/html; charset=utf-8"}}).error.code, errc::io_failure) << "a proxy's HEAD answer";
    for (const char* id : {"x-amz-request-id", "x-amzn-requestid"})
        EXPECT_EQ(judged(facts(head), 404, none, {{"content-type", "text/html"}, {id, "7"}}).error.code, errc::not_found) << id;
}

TEST(error, conditions_are_answered) {
    check({
        {put, when::if_absent, 412, document("PreconditionFailed"), errc::already_exists},
        {put, when::if_absent, 412, none, errc::already_exists},
        {put, when::if_absent, 412, page, errc::already_exists},
        {complete, when::if_absent, 412, document("PreconditionFailed"), errc::already_exists},
        {put, when::if_match, 412, document("PreconditionFailed"), errc::precondition_failed},
        {put, when::if_match, 404, document("NoSuchKey"), errc::precondition_failed},
        {get, when::always, 412, document("PreconditionFailed"), errc::precondition_failed},
        {put, when::if_absent, 409, document("ConditionalRequestConflict"), errc::busy},
        {put, when::if_match, 409, document("ConditionalRequestConflict"), errc::busy},
        {put, when::if_absent, 409, document("OperationAborted"), errc::busy},
        {put, when::if_absent, 501, document("NotImplemented"), errc::unsupported},
    });
}

TEST(error, a_conditional_write_is_repeated_only_if_the_server_did_not_begin) {
    for (const auto& [what, condition] : {std::pair{put, when::if_absent}, {put, when::if_match}, {complete, when::always}, {complete, when::if_absent}}) {
        check({
            {what, condition, 500, document("InternalError"), errc::outcome_unknown},
            {what, condition, 500, document("UnknownError"), errc::outcome_unknown},  // Ceph's gateway to losers of a race
            {what, condition, 500, none, errc::outcome_unknown},
            {what, condition, 502, page, errc::outcome_unknown},
            {what, condition, 504, page, errc::outcome_unknown},
            {what, condition, 503, page, errc::outcome_unknown},
            {what, condition, 503, none, errc::outcome_unknown},
            {what, condition, 409, document("SomethingNew"), errc::outcome_unknown},
            {what, condition, 404, page, errc::outcome_unknown},
            {what, condition, 304, none, errc::outcome_unknown},
            {what, condition, 503, document("SlowDown"), errc::busy},
            {what, condition, 503, document("ServiceUnavailable"), errc::busy},
            {what, condition, 429, none, errc::busy},
            {what, condition, 400, document("RequestTimeout"), errc::io_failure},
            {what, condition, 400, document("IncompleteBody"), errc::io_failure},
            {what, condition, 400, document("BadDigest"), errc::io_failure},
            {what, condition, 403, document("AccessDenied"), errc::access_denied},
        });
    }
    check({{complete, when::always, 404, document("NoSuchUpload"), errc::outcome_unknown}});
}

TEST(error, what_passes_is_tried_again) {
    for (const auto what : {get, head, put, list, removal, part, operation::create_upload, operation::abort_upload}) {
        for (const unsigned status : {408U, 429U, 500U, 502U, 503U, 504U, 599U}) {
            for (const auto& body : {none, page, document("InternalError"), cut}) {
                const auto code = judged(facts(what), status, body).error.code;
                EXPECT_EQ(io::classify(code), io::disposition::retry) << s3::name(what) << ' ' << status << ' ' << body;
            }
        }
    }
    check({
        {put, when::always, 503, document("SlowDown"), errc::busy},
        {put, when::always, 503, document("SlowDownWrite"), errc::busy},
        {get, when::always, 503, page, errc::busy},
        {put, when::always, 409, document("OperationAborted"), errc::busy},
        {put, when::always, 400, document("RequestTimeout"), errc::io_failure},
        {part, when::always, 400, document("XAmzContentSHA256Mismatch"), errc::io_failure},
        {get, when::always, 304, none, errc::io_failure},
    });
}

TEST(error, what_does_not_pass_is_not) {
    check({
        {get, when::always, 416, document("InvalidRange"), errc::out_of_range},
        {put, when::always, 400, document("EntityTooLarge"), errc::too_large},
        {put, when::always, 413, page, errc::too_large},
        {put, when::always, 507, document("XMinioStorageFull"), errc::no_space},
        {put, when::always, 403, document("QuotaExceeded"), errc::no_space},
        {get, when::always, 403, document("InvalidObjectState"), errc::unsupported},
        {put, when::always, 405, document("MethodNotAllowed"), errc::unsupported},
        {put, when::always, 501, document("NotImplemented"), errc::unsupported},
        {complete, when::always, 400, document("InvalidPart"), errc::invalid},
        {put, when::always, 400, document("InvalidObjectName"), errc::invalid},
        {put, when::always, 400, document("KeyTooLongError"), errc::invalid},
        {put, when::always, 411, document("MissingContentLength"), errc::invalid},
        {operation::create_bucket, when::always, 409, document("BucketAlreadyExists"), errc::already_exists},
        {get, when::always, 401, none, errc::access_denied},
        {get, when::always, 403, document("AccessDenied"), errc::access_denied},
        {head, when::always, 403, none, errc::access_denied},
        {put, when::always, 403, document("SignatureDoesNotMatch"), errc::access_denied},
        {put, when::always, 400, document("KMS.DisabledException"), errc::access_denied},
    });
}

TEST(error, keeps_status_code_message_and_request_id_and_names_the_thing) {
    const auto failed = judged(facts(put), 503, document("SlowDown", "<Message>Please reduce your request rate.</Message><RequestId>doc</RequestId>"),
                               {{"x-amz-request-id", "tx0007"}});
    EXPECT_EQ(failed.error.context,
              "PutObject s3://bkt/p/k: HTTP 503 SlowDown: the server asks for fewer requests (the server says: Please reduce your request rate.), "
              "request id tx0007");
    const auto of_document = judged(facts(list), 503, document("SlowDown", "<RequestId>doc</RequestId>"));
    EXPECT_EQ(of_document.error.context, "ListObjectsV2 s3://bkt: HTTP 503 SlowDown: the server asks for fewer requests, request id doc");
    EXPECT_EQ(judged(facts(get), 500, none).error.context, "GetObject s3://bkt/p/k: HTTP 500: the server failed");
}

struct advice {
    s3::failure failed;
    std::vector<const char*> words;
};

TEST(error, says_what_to_do) {
    const advice table[] = {
        {judged(facts(put), 403, document("AccessDenied")), {"AKIDEXAMPLE", "allow s3:PutObject on s3://bkt/p/k"}},
        {judged(facts(list), 403, document("AccessDenied")), {"allow s3:ListBucket on bucket bkt"}},
        {judged(facts(head), 403, none), {"allow s3:GetObject on s3://bkt/p/k"}},
        {judged(facts(put), 403, document("InvalidAccessKeyId")), {"AKIDEXAMPLE is unknown"}},
        {judged(facts(put), 403, document("SignatureDoesNotMatch")), {"secret does not belong to access key AKIDEXAMPLE"}},
        {judged(facts(put), 403, page), {"a proxy is in between"}},
        {judged(facts(get), 404, document("NoSuchBucket")), {"there is no bucket bkt", "create it"}},
        {judged(facts(get), 404, page), {"is that the address of an S3 service?"}},
        {judged(facts(put, when::if_absent), 501, document("NotImplemented")), {"does not do conditional writes"}},
        {judged(facts(put), 403, document("RequestTimeTooSkewed")), {"clock", "NTP"}},
        {judged(facts(put), 400, document("ExpiredToken")), {"expired"}},
        {judged(facts(get), 301, none, {{"location", "https://elsewhere/"}}), {"redirected to https://elsewhere/"}},
        {judged(facts(get), 301, document("PermanentRedirect", "<Endpoint>bkt.s3.example.com</Endpoint>")), {"redirected to bkt.s3.example.com"}},
    };
    for (const auto& each : table)
        for (const char* words : each.words) EXPECT_NE(each.failed.error.context.find(words), std::string::npos) << each.failed.error.context;
}

TEST(error, the_wrong_region_is_named_beside_the_right_one) {
    const s3::failure table[] = {
        judged(facts(get), 301, document("PermanentRedirect"), {{"x-amz-bucket-region", "us-west-2"}}),
        judged(facts(operation::head_bucket), 301, none, {{"x-amz-bucket-region", "us-west-2"}}),
        judged(facts(head), 400, none, {{"x-amz-bucket-region", "us-west-2"}}),
        judged(facts(get), 400, document("AuthorizationHeaderMalformed", "<Region>us-west-2</Region>")),
        judged(facts(get), 307, document("TemporaryRedirect"), {{"x-amz-bucket-region", "us-west-2"}}),
    };
    for (const auto& failed : table) {
        EXPECT_EQ(failed.error.code, errc::invalid);
        EXPECT_NE(failed.error.context.find("the bucket is in region us-west-2, not eu-west-1: say region=us-west-2"), std::string::npos) << failed.error.context;
    }
    EXPECT_EQ(judged(facts(get), 307, document("TemporaryRedirect")).error.code, errc::busy);
    EXPECT_EQ(judged(facts(get), 403, document("AccessDenied"), {{"x-amz-bucket-region", "us-west-2"}}).error.code, errc::access_denied);
    EXPECT_NE(judged(facts(get), 400, document("AuthorizationHeaderMalformed")).error.context.find("region eu-west-1 is not accepted"), std::string::npos);
}

TEST(error, a_request_refused_for_its_time_brings_the_servers_clock) {
    const std::vector<s3::http_header> an_hour_later{{"date", "Sun, 06 Nov 1994 09:49:37 GMT"}};
    const std::vector<s3::http_header> same_time{{"date", "Sun, 06 Nov 1994 08:50:37 GMT"}};
    auto failed = judged(facts(put), 403, document("RequestTimeTooSkewed"), an_hour_later);
    EXPECT_EQ(failed.error.code, errc::access_denied);
    EXPECT_EQ(failed.server_ms, now_ms + 3'600'000);
    EXPECT_FALSE(judged(facts(put), 403, document("RequestTimeTooSkewed")).server_ms) << "there is nothing to learn";
    EXPECT_EQ(judged(facts(head), 403, none, an_hour_later).server_ms, now_ms + 3'600'000) << "a HEAD has no words";
    EXPECT_FALSE(judged(facts(head), 403, none, same_time).server_ms);
    EXPECT_FALSE(judged(facts(put), 403, document("AccessDenied"), an_hour_later).server_ms);
    EXPECT_FALSE(judged(facts(put), 500, none, an_hour_later).server_ms);
}

TEST(error, expired_credentials_are_to_be_renewed) {
    for (const char* code : {"ExpiredToken", "TokenRefreshRequired", "InvalidToken"}) {
        const auto failed = judged(facts(put), 400, document(code));
        EXPECT_TRUE(failed.credentials_expired) << code;
        EXPECT_EQ(failed.error.code, errc::access_denied);
    }
    EXPECT_FALSE(judged(facts(put), 403, document("AccessDenied")).credentials_expired);
}

TEST(error, retry_after_is_kept_in_both_forms) {
    EXPECT_EQ(judged(facts(put), 503, none, {{"retry-after", "7"}}).retry_after, std::chrono::seconds(7));
    const std::vector<s3::http_header> dates{{"date", "Sun, 06 Nov 1994 09:00:00 GMT"}, {"retry-after", "Sun, 06 Nov 1994 09:00:09 GMT"}};
    EXPECT_EQ(judged(facts(put), 503, none, dates).retry_after, std::chrono::seconds(9)) << "by the server's clock, not ours";
    EXPECT_FALSE(judged(facts(put), 503, none, {{"retry-after", "soon"}}).retry_after);
    EXPECT_FALSE(judged(facts(put), 503, none).retry_after);
}

TEST(error, a_servers_words_are_shortened_and_made_printable) {
    const auto failed = judged(facts(put), 400, document("Inva\x1b[31mlid", "<Message>" + std::string(5000, 'x') + "\n</Message>"));
    EXPECT_EQ(failed.error.context.find('\x1b'), std::string::npos);
    EXPECT_LT(failed.error.context.size(), 700U);
    const auto large = judged(facts(put), 400, document("InvalidArgument", "<Message>" + std::string(5 << 20, 'x') + "</Message>"));
    EXPECT_EQ(large.error.code, errc::invalid);
}

TEST(error, a_key_is_shown_as_it_is_but_for_control_characters) {
    auto asked = facts(put);
    asked.key = "caf\xc3\xa9/a\nb.ltx";
    EXPECT_EQ(s3::title(aws, asked), "PutObject s3://bkt/caf\xc3\xa9/a?b.ltx");
}

TEST(error, half_a_document_is_not_acted_upon) {
    const std::string whole = document("NoSuchKey", "<Message>gone</Message>");
    EXPECT_EQ(judged(facts(get), 404, whole).error.code, errc::not_found);
    for (std::size_t size = 0; size < whole.size(); ++size)
        EXPECT_EQ(judged(facts(get), 404, whole.substr(0, size)).error.code, errc::io_failure) << whole.substr(0, size);
}

TEST(error, a_lost_answer_of_a_fragile_write_is_an_unknown_outcome) {
    const io::error reset{errc::io_failure, io::subject::general, "connection reset by peer"};
    const io::error late{errc::timed_out, io::subject::general, "no answer in 30 s"};
    for (const auto& asked : {facts(put, when::if_absent), facts(put, when::if_match), facts(complete)}) {
        EXPECT_EQ(s3::judge_lost(aws, asked, reset, true).code, errc::outcome_unknown);
        EXPECT_EQ(s3::judge_lost(aws, asked, late, true).code, errc::outcome_unknown);
        EXPECT_EQ(s3::judge_lost(aws, asked, reset, false).code, errc::io_failure) << "nothing was sent";
    }
    for (const auto& asked : {facts(put), facts(get), facts(part), facts(list), facts(removal)}) {
        const auto error = s3::judge_lost(own, asked, late, true);
        EXPECT_EQ(error.code, errc::timed_out);
        EXPECT_EQ(error.about, io::subject::store);
        EXPECT_NE(error.context.find("h:8443: no answer in 30 s"), std::string::npos) << error.context;
    }
}

TEST(error, a_certificate_that_is_not_trusted_comes_with_advice) {
    const io::error untrusted{errc::access_denied, io::subject::general, "unable to get local issuer certificate"};
    const auto error = s3::judge_lost(own, facts(put, when::if_absent), untrusted, false);
    EXPECT_EQ(error.code, errc::access_denied);
    EXPECT_NE(error.context.find("unable to get local issuer certificate"), std::string::npos);
    EXPECT_NE(error.context.find("ca="), std::string::npos);
}

}  // namespace
