// Builds the requests of the S3 API, one function an operation: method, target, "host" and the other headers, body; not signed. Pure.
// Keys are whole (the store's prefix included). Source: Amazon S3 API Reference, version 2006-03-01.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "s3/http.h"
#include "s3/store_url.h"

namespace s3 {

// When a write takes place. S3's create-if-absent is If-None-Match: *.
struct write_condition {
    enum class kind { always, if_absent, if_match };
    kind when = kind::always;
    std::string etag;  // if_match: as the server gave it
};

// User metadata by name, without "x-amz-meta-"; values are printable ASCII.
using metadata = std::vector<http_header>;

http_request put_object(const store_url& in, std::string_view key, shared_bytes data, const metadata& about, const write_condition& condition);
// The bytes [offset, offset + length), to the end without a length, which is at least 1; the sum fits 63 bits. `etag`, if not empty: only if the object is still that one.
http_request get_object(const store_url& in, std::string_view key, std::uint64_t offset, std::optional<std::uint64_t> length, std::string_view etag);
http_request head_object(const store_url& in, std::string_view key);
http_request remove_object(const store_url& in, std::string_view key);

// At most 1,000 keys (S3's limit), each of them fit for XML (fits_xml); the answer names only failures.
http_request remove_objects(const store_url& in, const std::vector<std::string>& keys);
// Whether a key can stand in XML 1.0: UTF-8 without control characters. Others are removed one by one.
bool fits_xml(std::string_view key);

struct list_query {
    std::string prefix;       // whole, with its final '/' where one is meant
    std::string delimiter;    // "/" or empty
    std::string start_after;  // a whole key
    std::string continuation_token;
    unsigned max_keys = 1000;  // S3's limit
};
// Asks for URL-encoded keys: XML 1.0 cannot carry all of them.
http_request list_objects(const store_url& in, const list_query& query);

http_request create_upload(const store_url& in, std::string_view key, const metadata& about);
// Parts are numbered from 1 to 10,000; all but the last have at least 5 MiB.
http_request upload_part(const store_url& in, std::string_view key, std::string_view upload_id, unsigned number, shared_bytes data);
struct uploaded_part {
    unsigned number = 0;
    std::string etag;
};
// `parts` by ascending number.
http_request complete_upload(const store_url& in, std::string_view key, std::string_view upload_id, const std::vector<uploaded_part>& parts,
                             const write_condition& condition);
// The parts that an upload has so far, after part number `after`.
http_request list_parts(const store_url& in, std::string_view key, std::string_view upload_id, unsigned after);
http_request abort_upload(const store_url& in, std::string_view key, std::string_view upload_id);
struct upload_marker {
    std::string key;
    std::string upload_id;
};
// Uploads that are under way or were left behind, of keys that begin with `prefix`, after `after`.
http_request list_uploads(const store_url& in, std::string_view prefix, const upload_marker& after);

http_request head_bucket(const store_url& in);
http_request create_bucket(const store_url& in);

}  // namespace s3
