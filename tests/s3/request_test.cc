#include "s3/request.h"

#include <gtest/gtest.h>

namespace {

s3::store_url store(std::string_view more = "") {
    return s3::parse_store_url("s3://bkt?endpoint=https://h:8443" + std::string(more), {}).value();
}

// "PUT /bkt/key?query" and one line a header.
std::string text_of(const s3::http_request& request) {
    std::string text = request.method + " " + request.target();
    for (const auto& header : request.headers) text += "\n" + header.name + ": " + header.value;
    return text;
}

std::string body_of(const s3::http_request& request) { return std::string(io::text_of(request.body.view())); }

const s3::shared_bytes data = io::bytes{1, 2, 3};

TEST(request, a_put_carries_metadata_and_its_condition) {
    const auto request = s3::put_object(store(), "a b/0001", data, {{"litestream-timestamp", "2026-11-23T08:00:00Z"}}, {s3::write_condition::kind::if_absent, {}});
    EXPECT_EQ(text_of(request),
              "PUT /bkt/a%20b/0001\nhost: h:8443\nx-amz-meta-litestream-timestamp: 2026-11-23T08:00:00Z\n"
              "content-type: application/octet-stream\nif-none-match: *");
    EXPECT_EQ(request.body.view().data(), data.view().data()) << "the body is shared, not copied";
    EXPECT_EQ(text_of(s3::put_object(store(), "k", data, {}, {})), "PUT /bkt/k\nhost: h:8443\ncontent-type: application/octet-stream");
}

TEST(request, if_match_is_quoted_unless_the_store_wants_it_bare) {
    const s3::write_condition on_etag{s3::write_condition::kind::if_match, "\"abc-1\""};
    EXPECT_EQ(*s3::find_header(s3::put_object(store(), "k", data, {}, on_etag).headers, "if-match"), "\"abc-1\"");
    EXPECT_EQ(*s3::find_header(s3::put_object(store("&unquoted-if-match=true"), "k", data, {}, on_etag).headers, "if-match"), "abc-1");
    EXPECT_EQ(*s3::find_header(s3::complete_upload(store("&unquoted-if-match=true"), "k", "u", {}, on_etag).headers, "if-match"), "abc-1");
}

TEST(request, ranges_are_inclusive_on_the_wire) {
    EXPECT_EQ(text_of(s3::get_object(store(), "k", 10, 5, "")), "GET /bkt/k\nhost: h:8443\nrange: bytes=10-14");
    EXPECT_EQ(text_of(s3::get_object(store(), "k", 10, std::nullopt, "")), "GET /bkt/k\nhost: h:8443\nrange: bytes=10-");
    EXPECT_EQ(text_of(s3::get_object(store(), "k", 0, std::nullopt, "\"e\"")), "GET /bkt/k\nhost: h:8443\nif-match: \"e\"");
    EXPECT_EQ(text_of(s3::get_object(store(), "k", 1ULL << 40, 1, "")), "GET /bkt/k\nhost: h:8443\nrange: bytes=1099511627776-1099511627776");
    EXPECT_EQ(text_of(s3::head_object(store(), "k")), "HEAD /bkt/k\nhost: h:8443");
    EXPECT_EQ(text_of(s3::remove_object(store(), "k")), "DELETE /bkt/k\nhost: h:8443");
}

TEST(request, a_listing_asks_for_encoded_keys_and_sorts_its_query) {
    s3::list_query query;
    query.prefix = "a b/";
    query.delimiter = "/";
    query.start_after = "a b/k&";
    query.continuation_token = "1+/=";
    EXPECT_EQ(text_of(s3::list_objects(store(), query)),
              "GET /bkt?continuation-token=1%2B%2F%3D&delimiter=%2F&encoding-type=url&list-type=2&max-keys=1000&prefix=a%20b%2F&start-after=a%20b%2Fk%26\n"
              "host: h:8443");
    EXPECT_EQ(s3::list_objects(store(), {}).query, "encoding-type=url&list-type=2&max-keys=1000");
}

TEST(request, encryption_and_storage_class_go_with_what_creates_an_object) {
    const auto kms = store("&sse=aws:kms&sse-kms-key-id=id&storage-class=STANDARD_IA");
    for (const auto& request : {s3::put_object(kms, "k", data, {}, {}), s3::create_upload(kms, "k", {})}) {
        EXPECT_EQ(*s3::find_header(request.headers, "x-amz-server-side-encryption"), "aws:kms");
        EXPECT_EQ(*s3::find_header(request.headers, "x-amz-server-side-encryption-aws-kms-key-id"), "id");
        EXPECT_EQ(*s3::find_header(request.headers, "x-amz-storage-class"), "STANDARD_IA");
    }
    EXPECT_EQ(s3::upload_part(kms, "k", "u", 1, data).headers.size(), 1U);
    EXPECT_EQ(s3::get_object(kms, "k", 0, {}, "").headers.size(), 1U);
    const auto sse = s3::put_object(store("&sse=AES256"), "k", data, {}, {});
    EXPECT_EQ(*s3::find_header(sse.headers, "x-amz-server-side-encryption"), "AES256");
}

TEST(request, a_customers_key_goes_with_every_touch_of_the_object) {
    auto in = store("&sse-c-key-file=/key");
    in.at_rest.customer_key = s3::secret("01234567890123456789012345678901");
    const s3::http_request requests[] = {s3::put_object(in, "k", data, {}, {}), s3::get_object(in, "k", 0, {}, ""), s3::head_object(in, "k"),
                                         s3::create_upload(in, "k", {}), s3::upload_part(in, "k", "u", 1, data), s3::complete_upload(in, "k", "u", {}, {})};
    for (const auto& request : requests) {
        EXPECT_EQ(*s3::find_header(request.headers, "x-amz-server-side-encryption-customer-algorithm"), "AES256");
        EXPECT_EQ(*s3::find_header(request.headers, "x-amz-server-side-encryption-customer-key"), "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=");
        EXPECT_EQ(*s3::find_header(request.headers, "x-amz-server-side-encryption-customer-key-md5"), "KYvwGXoFFJ42a2u2GDWhwQ==");
    }
}

TEST(request, multipart) {
    EXPECT_EQ(text_of(s3::create_upload(store(), "k", {{"a", "1"}})),
              "POST /bkt/k?uploads=\nhost: h:8443\nx-amz-meta-a: 1\ncontent-type: application/octet-stream");
    const auto part = s3::upload_part(store(), "k", "2~a/b+", 7, data.slice(1, 2));
    EXPECT_EQ(text_of(part), "PUT /bkt/k?partNumber=7&uploadId=2~a%2Fb%2B\nhost: h:8443");
    EXPECT_EQ(body_of(part), "\x02\x03");
    const auto complete = s3::complete_upload(store(), "k", "u", {{1, "\"a\""}, {2, "b<"}}, {s3::write_condition::kind::if_absent, {}});
    EXPECT_EQ(text_of(complete), "POST /bkt/k?uploadId=u\nhost: h:8443\ncontent-type: application/xml\nif-none-match: *");
    EXPECT_EQ(body_of(complete),
              "<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Part><PartNumber>1</PartNumber><ETag>&quot;a&quot;</ETag></Part>"
              "<Part><PartNumber>2</PartNumber><ETag>b&lt;</ETag></Part></CompleteMultipartUpload>");
    EXPECT_EQ(text_of(s3::abort_upload(store(), "k", "u")), "DELETE /bkt/k?uploadId=u\nhost: h:8443");
    EXPECT_EQ(text_of(s3::list_uploads(store(), "p/", {"p/k", "u"})),
              "GET /bkt?encoding-type=url&key-marker=p%2Fk&prefix=p%2F&upload-id-marker=u&uploads=\nhost: h:8443");
}

TEST(request, a_batch_delete_escapes_keys_and_proves_its_body) {
    const auto request = s3::remove_objects(store(), {"a&b", "<c> \"d\""});
    EXPECT_EQ(body_of(request),
              "<Delete xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Quiet>true</Quiet><Object><Key>a&amp;b</Key></Object>"
              "<Object><Key>&lt;c&gt; &quot;d&quot;</Key></Object></Delete>");
    EXPECT_EQ(text_of(request), "POST /bkt?delete=\nhost: h:8443\ncontent-type: application/xml\ncontent-md5: DdaRQKgXL0s4F1l3Ksof6g==");
}

TEST(request, keys_that_xml_cannot_carry_are_known) {
    for (const char* key : {"a/b", "a b", "\xc3\xa9", "\xe1\x88\xb4", "\xf0\x9f\x9a\xa2", "\xc2\xa0", "\xef\xbf\xbd"}) EXPECT_TRUE(s3::fits_xml(key)) << key;
    for (const char* key : {"\x01", "a\nb", "a\tb", "\x7f", "\xc2\x80", "\xff", "\xc3", "\xc0\xaf", "\xed\xa0\x80", "\xef\xbf\xbf", "\xe0\x80\xaf",
                            "\xf4\x90\x80\x80", "\xf0\x80\x80\xaf", "\xe1\x88", "\x80"})
        EXPECT_FALSE(s3::fits_xml(key));
}

TEST(request, a_bucket_is_created_where_its_region_is) {
    EXPECT_EQ(text_of(s3::head_bucket(store())), "HEAD /bkt\nhost: h:8443");
    EXPECT_EQ(body_of(s3::create_bucket(store())), "");
    const auto on_aws = s3::parse_store_url("s3://bkt?region=eu-west-1", {}).value();
    EXPECT_EQ(text_of(s3::create_bucket(on_aws)), "PUT /\nhost: bkt.s3.eu-west-1.amazonaws.com\ncontent-type: application/xml");
    EXPECT_NE(body_of(s3::create_bucket(on_aws)).find("<LocationConstraint>eu-west-1</LocationConstraint>"), std::string::npos);
}

}  // namespace
