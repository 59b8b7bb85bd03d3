#include "s3/response.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "s3/xml.h"

namespace {

io::byte_view view(const std::string& text) { return io::view_of(text); }

// A listing as AWS writes it, with URL-encoded keys.
std::string listing(const std::string& inside) {
    return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Name>bkt</Name><Prefix>a%2F</Prefix>"
           "<MaxKeys>1000</MaxKeys><EncodingType>url</EncodingType>" +
           inside + "</ListBucketResult>";
}

std::string object(const std::string& key, const std::string& size = "7", const std::string& time = "2026-11-23T08:00:00.123Z") {
    return "<Contents><Key>" + key + "</Key><LastModified>" + time + "</LastModified><ETag>&quot;e-1&quot;</ETag><Size>" + size +
           "</Size><StorageClass>STANDARD</StorageClass></Contents>";
}

const std::string last = "<IsTruncated>false</IsTruncated>";

TEST(response, a_page_of_a_listing) {
    const std::string text = listing(object("a%2Fb+c%2Bd%25") + object("a%2F%C3%A9%01", "1099511627776") +
                                     "<CommonPrefixes><Prefix>a%2Fsub%2F</Prefix></CommonPrefixes><CommonPrefixes><Prefix>a%2Fz+%2F</Prefix></CommonPrefixes>"
                                     "<IsTruncated>true</IsTruncated><NextContinuationToken>1ue%GcxL==</NextContinuationToken>");
    const auto page = s3::read_list_page(view(text));
    ASSERT_TRUE(page) << page.error().context;
    ASSERT_EQ(page->objects.size(), 2U);
    EXPECT_EQ(page->objects[0].key, "a/b c+d%");
    EXPECT_EQ(page->objects[0].size, 7U);
    EXPECT_EQ(page->objects[0].last_modified_ms, 1795420800123);
    EXPECT_EQ(page->objects[0].etag, "\"e-1\"");
    EXPECT_EQ(page->objects[1].key, "a/\xc3\xa9\x01");
    EXPECT_EQ(page->objects[1].size, 1ULL << 40);
    EXPECT_EQ(page->common_prefixes, (std::vector<std::string>{"a/sub/", "a/z /"}));
    EXPECT_EQ(page->next_token, "1ue%GcxL==");
}

TEST(response, a_server_that_does_not_encode_is_taken_at_its_word) {
    const std::string text = "<ListBucketResult>" + object("a%2F+b") + last + "</ListBucketResult>";
    const auto page = s3::read_list_page(view(text));
    ASSERT_TRUE(page);
    EXPECT_EQ(page->objects[0].key, "a%2F+b");
    EXPECT_EQ(page->next_token, "");
}

TEST(response, an_empty_bucket) {
    const auto page = s3::read_list_page(view(listing(last)));
    ASSERT_TRUE(page);
    EXPECT_TRUE(page->objects.empty() && page->common_prefixes.empty() && page->next_token.empty());
}

TEST(response, E10_a_page_that_lacks_something_is_an_error_and_not_a_shorter_list) {
    const std::string good = object("a%2Fb");
    const std::pair<std::string, const char*> table[] = {
        {good, "IsTruncated"},
        {good + "<IsTruncated>maybe</IsTruncated>", "IsTruncated"},
        {good + "<IsTruncated>true</IsTruncated>", "NextContinuationToken"},
        {good + "<IsTruncated>true</IsTruncated><NextContinuationToken/>", "NextContinuationToken"},
        {object("") + last, "Key"},
        {object("%zz") + last, "Key"},
        {object("a%00b") + last, "Key"},
        {object("k", "") + last, "Size"},
        {object("k", "-1") + last, "Size"},
        {object("k", "7 ") + last, "Size"},
        {object("k", "99999999999999999999") + last, "Size"},
        {object("k", "7", "yesterday") + last, "LastModified"},
        {"<CommonPrefixes/>" + last, "Prefix"},
    };
    for (const auto& [inside, missing] : table) {
        const auto page = s3::read_list_page(view(listing(inside)));
        ASSERT_FALSE(page) << inside;
        EXPECT_EQ(page.error().code, io::errc::io_failure);
        EXPECT_EQ(page.error().about, io::subject::store);
        EXPECT_NE(page.error().context.find(missing), std::string::npos) << page.error().context;
    }
}

TEST(response, E10_a_page_cut_off_anywhere_is_an_error) {
    const std::string whole = listing(object("a%2Fb") + object("a%2Fc") + last);
    ASSERT_TRUE(s3::read_list_page(view(whole)));
    for (std::size_t size = 0; size < whole.size(); ++size) {
        const auto page = s3::read_list_page(view(whole.substr(0, size)));
        ASSERT_FALSE(page) << whole.substr(0, size);
        EXPECT_EQ(page.error().code, io::errc::io_failure);
    }
}

TEST(response, what_is_no_such_document_is_said_to_be_what_it_is) {
    const std::pair<std::string, const char*> table[] = {
        {"", "empty body"},
        {"<!DOCTYPE html><html><body>Bad gateway<br></body></html>", "web page"},
        {"  <HTML><body>hello<p></body></HTML>", "web page"},
        {"{\"error\": 1}", "malformed"},
        {"<ListAllMyBucketsResult/>", "ListAllMyBucketsResult"},
        {"<Error><Code>InternalError</Code></Error>", "InternalError"},
        {"<html/>", "S3 service"},
    };
    for (const auto& [text, words] : table) {
        const auto page = s3::read_list_page(view(text));
        ASSERT_FALSE(page) << text;
        EXPECT_EQ(page.error().code, io::errc::io_failure);
        EXPECT_NE(page.error().context.find(words), std::string::npos) << page.error().context;
    }
}

TEST(response, documents_are_refused_by_size_before_they_are_read) {
    std::string large = listing(last);
    large.resize(s3::max_document + 1, ' ');
    EXPECT_EQ(s3::read_list_page(view(large)).error().code, io::errc::too_large);
    large.resize(s3::max_document);
    EXPECT_TRUE(s3::read_list_page(view(large)));
    std::string tags = "<ListBucketResult>";
    for (std::size_t i = 0; i < s3::max_tags; ++i) tags += "<a/>";
    EXPECT_EQ(s3::read_list_page(view(tags + "</ListBucketResult>")).error().code, io::errc::too_large);
    std::string page;
    for (int i = 0; i < 1000; ++i) page += object(fmt::format("{:04}{}", i, std::string(1020 * 3, 'x')));
    EXPECT_TRUE(s3::read_list_page(view(listing(page + last)))) << "a page of 1,000 of the longest keys fits";
}

TEST(response, entities_of_a_doctype_are_not_expanded) {
    const std::string bomb = "<!DOCTYPE l [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;\"><!ENTITY x SYSTEM \"file:///etc/passwd\">]>" +
                             ("<ListBucketResult>" + object("&b;&x;") + last + "</ListBucketResult>");
    const auto page = s3::read_list_page(view(bomb));
    ASSERT_TRUE(page) << page.error().context;
    EXPECT_EQ(page->objects[0].key, "&b;&x;");
}

TEST(response, multipart_documents) {
    EXPECT_EQ(*s3::read_created_upload(view("<InitiateMultipartUploadResult><Bucket>b</Bucket><Key>k</Key><UploadId>2~x/y+</UploadId></InitiateMultipartUploadResult>")),
              "2~x/y+");
    EXPECT_FALSE(s3::read_created_upload(view("<InitiateMultipartUploadResult><UploadId/></InitiateMultipartUploadResult>")));
    EXPECT_EQ(*s3::read_completed_upload(view("  \n <?xml version=\"1.0\"?><CompleteMultipartUploadResult><ETag>&#34;e-2&#34;</ETag></CompleteMultipartUploadResult>")),
              "\"e-2\"");
    const auto over_another = s3::read_completed_upload(view("<CompleteMultipartUploadResult><Key>k</Key><ETag></ETag></CompleteMultipartUploadResult>"));
    ASSERT_TRUE(over_another) << "Ceph's gateway, where an object of that name existed before";
    EXPECT_EQ(*over_another, "");
}

TEST(response, a_completion_that_is_not_confirmed_has_an_unknown_outcome) {
    for (const char* text : {"", "<Error><Code>InternalError</Code></Error>", "<CompleteMultipartUploadResult><ETag>", "<html>",
                             "<CompleteMultipartUploadResult></CompleteMultipartUploadResult>"}) {
        const auto etag = s3::read_completed_upload(view(text));
        ASSERT_FALSE(etag) << text;
        EXPECT_EQ(etag.error().code, io::errc::outcome_unknown);
    }
}

TEST(response, uploads_left_behind) {
    const std::string upload =
        "<Upload><Key>a%2Fb+c</Key><UploadId>u1</UploadId><Initiator><ID>i</ID></Initiator><Initiated>2026-11-23T08:00:00.000Z</Initiated></Upload>";
    const auto doc = [&](const std::string& inside) {
        return "<ListMultipartUploadsResult><EncodingType>url</EncodingType>" + inside + "</ListMultipartUploadsResult>";
    };
    const auto page = s3::read_upload_page(
        view(doc(upload + "<IsTruncated>true</IsTruncated><NextKeyMarker>a%2Fb+c</NextKeyMarker><NextUploadIdMarker>u1</NextUploadIdMarker>")));
    ASSERT_TRUE(page) << page.error().context;
    ASSERT_EQ(page->uploads.size(), 1U);
    EXPECT_EQ(page->uploads[0].key, "a/b c");
    EXPECT_EQ(page->uploads[0].upload_id, "u1");
    EXPECT_EQ(page->uploads[0].initiated_ms, 1795420800000);
    ASSERT_TRUE(page->next);
    EXPECT_EQ(page->next->key + "|" + page->next->upload_id, "a/b c|u1");
    const auto end = s3::read_upload_page(view(doc(last)));
    ASSERT_TRUE(end);
    EXPECT_FALSE(end->next);
    EXPECT_FALSE(s3::read_upload_page(view(doc(upload))));
    EXPECT_FALSE(s3::read_upload_page(view(doc("<IsTruncated>true</IsTruncated>"))));
    EXPECT_FALSE(s3::read_upload_page(view(doc("<Upload><Key>k</Key></Upload>" + last))));
}

TEST(response, a_batch_delete_names_its_failures) {
    EXPECT_TRUE(s3::read_removed(view("<DeleteResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"/>"))->empty());
    const auto failures = s3::read_removed(
        view("<DeleteResult><Deleted><Key>a</Key></Deleted><Error><Key>b&amp;c</Key><Code>AccessDenied</Code><Message>no</Message></Error></DeleteResult>"));
    ASSERT_TRUE(failures);
    ASSERT_EQ(failures->size(), 1U);
    EXPECT_EQ((*failures)[0].key, "b&c");
    EXPECT_EQ((*failures)[0].code, "AccessDenied");
    EXPECT_FALSE(s3::read_removed(view("")));
}

s3::http_response_head head_of(unsigned status, std::vector<s3::http_header> headers) { return {status, std::move(headers)}; }

TEST(response, the_head_of_an_object) {
    const auto head = s3::read_object_head(head_of(200, {{"Content-Length", "1099511627776"},
                                                         {"ETag", "\"e\""},
                                                         {"Last-Modified", "Sun, 06 Nov 1994 08:49:37 GMT"},
                                                         {"X-Amz-Meta-Litestream-Timestamp", "2026-11-23T08:00:00Z"}}));
    ASSERT_TRUE(head);
    EXPECT_EQ(head->size, 1ULL << 40);
    EXPECT_EQ(head->etag, "\"e\"");
    EXPECT_EQ(head->last_modified_ms, 784111777000);
    EXPECT_EQ(*s3::find_header(head->about, "litestream-timestamp"), "2026-11-23T08:00:00Z");
    for (const char* length : {"", "-1", "7x", "99999999999999999999"}) EXPECT_FALSE(s3::read_object_head(head_of(200, {{"content-length", length}})));
    EXPECT_FALSE(s3::read_object_head(head_of(200, {})));
}

TEST(response, a_range_is_the_one_that_was_asked_for_or_an_error) {
    struct row {
        unsigned status;
        const char *range, *length;
        std::uint64_t offset;
        std::optional<std::uint64_t> asked;
        std::optional<std::uint64_t> got;  // none: an error
    };
    const row table[] = {
        {206, "bytes 10-14/100", "5", 10, 5, 5},
        {206, "bytes 90-99/100", "10", 90, 50, 10},  // the object ends before
        {206, "bytes 10-99/100", "90", 10, std::nullopt, 90},
        {200, nullptr, "100", 0, std::nullopt, 100},
        {200, nullptr, "100", 0, 200, 100},
        {200, nullptr, "0", 0, std::nullopt, 0},
        {206, "bytes 10-13/100", "4", 10, 5, std::nullopt},   // fewer, though there are more
        {206, "bytes 10-15/100", "6", 10, 5, std::nullopt},   // more
        {206, "bytes 0-4/100", "5", 10, 5, std::nullopt},     // others
        {200, nullptr, "100", 10, 5, std::nullopt},           // everything: Range was ignored
        {200, nullptr, "100", 0, 5, std::nullopt},
        {206, nullptr, "5", 10, 5, std::nullopt},
        {206, "bytes 14-10/100", "5", 10, 5, std::nullopt},
        {206, "bytes 10-14/*", "5", 10, 5, std::nullopt},
        {206, "bytes 10-14/14", "5", 10, 5, std::nullopt},
        {206, "bytes=10-14/100", "5", 10, 5, std::nullopt},
        {206, "bytes 10/100-14", "5", 10, 5, std::nullopt},
        {204, nullptr, "0", 0, std::nullopt, std::nullopt},
    };
    for (const auto& r : table) {
        auto head = head_of(r.status, {{"content-length", r.length}});
        if (r.range != nullptr) head.headers.push_back({"content-range", r.range});
        const auto extent = s3::read_extent(head, r.offset, r.asked);
        const std::string what = fmt::format("{} {} asked {}", r.status, r.range == nullptr ? "" : r.range, r.offset);
        ASSERT_EQ(extent.has_value(), r.got.has_value()) << what;
        if (!extent) {
            EXPECT_EQ(extent.error().code, io::errc::io_failure);
            continue;
        }
        EXPECT_EQ(extent->length, *r.got) << what;
    }
    EXPECT_EQ(s3::read_extent(head_of(206, {{"content-length", "5"}, {"content-range", "bytes 10-14/100"}}), 10, 5)->object.size, 100U);
}

}  // namespace
