#include "s3/error_document.h"

#include "s3/printable.h"
#include "s3/xml.h"

namespace s3 {
namespace {

std::string header(const http_response_head& head, std::string_view name) {
    const std::string* value = head.find(name);
    return value == nullptr ? std::string() : printable(*value);
}

void read_body(error_document& out, io::byte_view body) {
    using kind = error_document::body_kind;
    if (body.empty()) return;
    out.kind = looks_like_html(body) ? kind::html : kind::malformed;
    pugi::xml_document document;
    const auto root = read_document(document, body, "Error");
    if (!root) return;
    out.kind = kind::xml;
    out.code = printable(text_of(*root, "Code"), 100);
    out.message = printable(text_of(*root, "Message"));
    if (out.request_id.empty()) out.request_id = printable(text_of(*root, "RequestId"), 100);
    if (out.region.empty()) out.region = printable(text_of(*root, "Region"), 64);
    out.endpoint = printable(text_of(*root, "Endpoint"), 255);
}

}  // namespace

error_document read_error(const http_response_head& head, io::byte_view body) {
    error_document out;
    out.request_id = header(head, "x-amz-request-id");
    if (out.request_id.empty()) out.request_id = header(head, "x-amzn-requestid");
    out.region = header(head, "x-amz-bucket-region");
    read_body(out, body);
    // A HEAD's answer: some servers of S3 call its empty body HTML, but they number their answers, which web servers do not.
    const bool html = out.request_id.empty() && header(head, "content-type").starts_with("text/html");
    if (out.kind == error_document::body_kind::empty && html) out.kind = error_document::body_kind::html;
    return out;
}

}  // namespace s3
