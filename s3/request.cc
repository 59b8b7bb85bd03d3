#include "s3/request.h"

#include <fmt/format.h>

#include <algorithm>

#include "s3/digest.h"
#include "s3/uri.h"

namespace s3 {
namespace {

constexpr std::string_view xml_namespace = "http://s3.amazonaws.com/doc/2006-03-01/";

http_request make(const store_url& in, std::string_view method, std::string_view key, const std::vector<query_parameter>& query) {
    return {std::string(method), in.at.path(key), encode_query(query), {{"host", in.at.host_header()}}, {}};
}

void add(http_request& request, std::string_view name, std::string value) { request.headers.push_back({std::string(name), std::move(value)}); }

shared_bytes body_of(const std::string& text) { return io::bytes(text.begin(), text.end()); }

std::string xml_escaped(std::string_view text) {
    std::string out;
    for (const char c : text) {
        switch (c) {
            case '&': out += "&amp;"; break;
            case '<': out += "&lt;"; break;
            case '>': out += "&gt;"; break;
            case '"': out += "&quot;"; break;
            default: out += c;
        }
    }
    return out;
}

std::string unquoted(std::string_view etag) {
    if (etag.size() >= 2 && etag.front() == '"' && etag.back() == '"') etag = etag.substr(1, etag.size() - 2);
    return std::string(etag);
}

void add_condition(http_request& request, const store_url& in, const write_condition& condition) {
    if (condition.when == write_condition::kind::if_absent) add(request, "if-none-match", "*");
    if (condition.when == write_condition::kind::if_match) add(request, "if-match", in.unquoted_if_match ? unquoted(condition.etag) : condition.etag);
}

// With SSE-C the key goes with every request that touches the object's bytes or their description.
void add_customer_key(http_request& request, const encryption& at_rest) {
    if (at_rest.kind != encryption_kind::customer) return;
    const auto key = io::view_of(at_rest.customer_key.reveal());
    add(request, "x-amz-server-side-encryption-customer-algorithm", "AES256");
    add(request, "x-amz-server-side-encryption-customer-key", to_base64(key));
    add(request, "x-amz-server-side-encryption-customer-key-md5", to_base64(md5(key)));
}

// What an object is created with: by a put or when a multipart upload begins.
void add_creation(http_request& request, const store_url& in, const metadata& about) {
    for (const auto& item : about) add(request, "x-amz-meta-" + item.name, item.value);
    if (!in.storage_class.empty()) add(request, "x-amz-storage-class", in.storage_class);
    if (in.at_rest.kind == encryption_kind::sse_s3) add(request, "x-amz-server-side-encryption", "AES256");
    if (in.at_rest.kind == encryption_kind::sse_kms) {
        add(request, "x-amz-server-side-encryption", "aws:kms");
        if (!in.at_rest.kms_key_id.empty()) add(request, "x-amz-server-side-encryption-aws-kms-key-id", in.at_rest.kms_key_id);
    }
    add_customer_key(request, in.at_rest);
    add(request, "content-type", "application/octet-stream");
}

// The length of the well-formed UTF-8 sequence at the beginning of `text`, if it is a character of XML 1.0; else 0.
std::size_t xml_character(std::string_view text) {
    const auto at = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U; };
    const auto tail = [&](std::size_t i) { return (at(i) & 0xc0U) == 0x80U; };
    const unsigned first = at(0);
    if (first < 0x80) return first >= 0x20 && first != 0x7f ? 1 : 0;
    if (first >= 0xc2 && first <= 0xdf && tail(1)) return at(1) < 0xa0 && first == 0xc2 ? 0 : 2;
    if (first >= 0xe0 && first <= 0xef && tail(1) && tail(2)) {
        const unsigned code = (first & 0xfU) << 12 | (at(1) & 0x3fU) << 6 | (at(2) & 0x3fU);
        return code >= 0x800 && (code < 0xd800 || code > 0xdfff) && code < 0xfffe ? 3 : 0;
    }
    if (first >= 0xf0 && first <= 0xf4 && tail(1) && tail(2) && tail(3)) {
        const unsigned code = (first & 0x7U) << 18 | (at(1) & 0x3fU) << 12 | (at(2) & 0x3fU) << 6 | (at(3) & 0x3fU);
        return code >= 0x10000 && code <= 0x10ffff ? 4 : 0;
    }
    return 0;
}

}  // namespace

http_request put_object(const store_url& in, std::string_view key, shared_bytes data, const metadata& about, const write_condition& condition) {
    auto request = make(in, "PUT", key, {});
    add_creation(request, in, about);
    add_condition(request, in, condition);
    request.body = std::move(data);
    return request;
}

http_request get_object(const store_url& in, std::string_view key, std::uint64_t offset, std::optional<std::uint64_t> length, std::string_view etag) {
    auto request = make(in, "GET", key, {});
    if (length) {
        add(request, "range", fmt::format("bytes={}-{}", offset, offset + *length - 1));
    } else if (offset != 0) {
        add(request, "range", fmt::format("bytes={}-", offset));
    }
    if (!etag.empty()) add(request, "if-match", std::string(etag));
    add_customer_key(request, in.at_rest);
    return request;
}

http_request head_object(const store_url& in, std::string_view key) {
    auto request = make(in, "HEAD", key, {});
    add_customer_key(request, in.at_rest);
    return request;
}

http_request remove_object(const store_url& in, std::string_view key) { return make(in, "DELETE", key, {}); }

http_request remove_objects(const store_url& in, const std::vector<std::string>& keys) {
    auto request = make(in, "POST", "", {{"delete", ""}});
    std::string text = fmt::format("<Delete xmlns=\"{}\"><Quiet>true</Quiet>", xml_namespace);
    for (const auto& key : keys) text += "<Object><Key>" + xml_escaped(key) + "</Key></Object>";
    text += "</Delete>";
    add(request, "content-type", "application/xml");
    add(request, "content-md5", to_base64(md5(io::view_of(text))));
    request.body = body_of(text);
    return request;
}

bool fits_xml(std::string_view key) {
    while (!key.empty()) {
        const std::size_t length = xml_character(key);
        if (length == 0) return false;
        key.remove_prefix(length);
    }
    return true;
}

http_request list_objects(const store_url& in, const list_query& query) {
    std::vector<query_parameter> parameters{{"list-type", "2"}, {"encoding-type", "url"}, {"max-keys", fmt::format("{}", query.max_keys)}};
    const auto add_if = [&](const char* name, const std::string& value) {
        if (!value.empty()) parameters.push_back({name, value});
    };
    add_if("prefix", query.prefix);
    add_if("delimiter", query.delimiter);
    add_if("start-after", query.start_after);
    add_if("continuation-token", query.continuation_token);
    return make(in, "GET", "", parameters);
}

http_request create_upload(const store_url& in, std::string_view key, const metadata& about) {
    auto request = make(in, "POST", key, {{"uploads", ""}});
    add_creation(request, in, about);
    return request;
}

http_request upload_part(const store_url& in, std::string_view key, std::string_view upload_id, unsigned number, shared_bytes data) {
    auto request = make(in, "PUT", key, {{"partNumber", fmt::format("{}", number)}, {"uploadId", std::string(upload_id)}});
    add_customer_key(request, in.at_rest);
    request.body = std::move(data);
    return request;
}

http_request complete_upload(const store_url& in, std::string_view key, std::string_view upload_id, const std::vector<uploaded_part>& parts,
                             const write_condition& condition) {
    auto request = make(in, "POST", key, {{"uploadId", std::string(upload_id)}});
    std::string text = fmt::format("<CompleteMultipartUpload xmlns=\"{}\">", xml_namespace);
    for (const auto& part : parts)
        text += fmt::format("<Part><PartNumber>{}</PartNumber><ETag>{}</ETag></Part>", part.number, xml_escaped(part.etag));
    text += "</CompleteMultipartUpload>";
    add(request, "content-type", "application/xml");
    add_condition(request, in, condition);
    add_customer_key(request, in.at_rest);
    request.body = body_of(text);
    return request;
}

http_request list_parts(const store_url& in, std::string_view key, std::string_view upload_id, unsigned after) {
    auto request = make(in, "GET", key, {{"uploadId", std::string(upload_id)}, {"part-number-marker", fmt::format("{}", after)}});
    add_customer_key(request, in.at_rest);
    return request;
}

http_request abort_upload(const store_url& in, std::string_view key, std::string_view upload_id) {
    return make(in, "DELETE", key, {{"uploadId", std::string(upload_id)}});
}

http_request list_uploads(const store_url& in, std::string_view prefix, const upload_marker& after) {
    std::vector<query_parameter> parameters{{"uploads", ""}, {"encoding-type", "url"}};
    if (!prefix.empty()) parameters.push_back({"prefix", std::string(prefix)});
    if (!after.key.empty()) parameters.push_back({"key-marker", after.key});
    if (!after.upload_id.empty()) parameters.push_back({"upload-id-marker", after.upload_id});
    return make(in, "GET", "", parameters);
}

http_request head_bucket(const store_url& in) { return make(in, "HEAD", "", {}); }

http_request create_bucket(const store_url& in) {
    auto request = make(in, "PUT", "", {});
    if (in.at.custom || in.at.region == "us-east-1") return request;
    request.body = body_of(fmt::format("<CreateBucketConfiguration xmlns=\"{}\"><LocationConstraint>{}</LocationConstraint></CreateBucketConfiguration>",
                                       xml_namespace, in.at.region));
    add(request, "content-type", "application/xml");
    return request;
}

}  // namespace s3
