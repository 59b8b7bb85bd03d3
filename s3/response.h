// Reads the answers of the S3 API whose status says success. Pure; what it reads is untrusted.
//
// Errors: subject::store. io_failure if a document is cut off, malformed, not the one that was asked for or lacks what it must say
// (trying again may help, and half a truth is never returned); too_large beyond the limits of xml.h.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "io/bytes.h"
#include "io/error.h"
#include "s3/http.h"
#include "s3/request.h"

namespace s3 {

struct listed_object {
    std::string key;
    std::uint64_t size = 0;             // bytes
    std::int64_t last_modified_ms = 0;  // ms since 1970; what the store noted
    std::string etag;
};

struct list_page {
    std::vector<listed_object> objects;
    std::vector<std::string> common_prefixes;
    std::string next_token;  // empty on the last page
};

io::result<list_page> read_list_page(io::byte_view body);

// The upload's id.
io::result<std::string> read_created_upload(io::byte_view body);
// The object's ETag; Ceph's gateway leaves it empty where an object of that name existed before. S3 may say 200 and then fail: an error
// document is an error here. As the upload may have been completed all the same, every error's code is outcome_unknown.
io::result<std::string> read_completed_upload(io::byte_view body);

struct part_page {
    std::vector<uploaded_part> parts;  // by ascending number
    std::optional<unsigned> next;      // part number to go on after; none on the last page
};
io::result<part_page> read_part_page(io::byte_view body);

struct pending_upload {
    std::string key;
    std::string upload_id;
    std::int64_t initiated_ms = 0;
};
struct upload_page {
    std::vector<pending_upload> uploads;
    std::optional<upload_marker> next;  // none on the last page
};
io::result<upload_page> read_upload_page(io::byte_view body);

// What a batch delete failed at; empty if all is removed.
struct remove_failure {
    std::string key;
    std::string code;
    std::string message;
};
io::result<std::vector<remove_failure>> read_removed(io::byte_view body);

// What the head of a HEAD's or GET's answer says of an object.
struct object_head {
    std::uint64_t size = 0;  // of the whole object, also when the answer carries a part of it
    std::string etag;
    std::optional<std::int64_t> last_modified_ms;
    metadata about;  // names without "x-amz-meta-", in lower case
};
io::result<object_head> read_object_head(const http_response_head& head);

// Which bytes an answer to get_object(offset, length) brings: exactly those asked for, fewer only where the object ends. io_failure
// if it brings others, or if the server does not do ranges and the object does not begin and end where we asked.
struct body_extent {
    std::uint64_t length = 0;  // of the body, bytes
    object_head object;
};
io::result<body_extent> read_extent(const http_response_head& head, std::uint64_t offset, std::optional<std::uint64_t> length);

}  // namespace s3
