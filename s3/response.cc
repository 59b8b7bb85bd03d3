#include "s3/response.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "s3/http_date.h"
#include "s3/uri.h"
#include "s3/xml.h"

namespace s3 {
namespace {

io::error bad(std::string why) { return {io::errc::io_failure, io::subject::store, std::move(why)}; }

io::error lacks(std::string_view document, std::string_view what) { return bad(fmt::format("a {} document without a proper {}", document, what)); }

// Texts of a document that was asked for with encoding-type=url and says that it is.
class text_reader {
public:
    explicit text_reader(const pugi::xml_node& root) : encoded_(text_of(root, "EncodingType") == "url") {}
    std::optional<std::string> operator()(const pugi::xml_node& node, const char* child) const {
        std::string text = text_of(node, child);
        return encoded_ ? decode(text, plus::space) : std::optional(std::move(text));
    }

private:
    bool encoded_;
};

std::optional<std::uint64_t> number(std::string_view text) {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return value;
}

struct range_header {
    std::uint64_t first = 0, last = 0, total = 0;
};

// "bytes 10-14/100"
std::optional<range_header> read_content_range(std::string_view text) {
    if (!text.starts_with("bytes ")) return std::nullopt;
    text.remove_prefix(6);
    const std::size_t dash = text.find('-'), slash = text.find('/');
    if (dash == std::string_view::npos || slash == std::string_view::npos || dash > slash) return std::nullopt;
    const auto first = number(text.substr(0, dash)), last = number(text.substr(dash + 1, slash - dash - 1)), total = number(text.substr(slash + 1));
    if (!first || !last || !total || *first > *last || *last >= *total) return std::nullopt;
    return range_header{*first, *last, *total};
}

}  // namespace

io::result<list_page> read_list_page(io::byte_view body) {
    constexpr std::string_view kind = "ListBucketResult";
    pugi::xml_document document;
    const auto root = read_document(document, body, kind);
    if (!root) return root.error();
    const text_reader text(*root);
    list_page page;
    for (const auto& node : root->children("Contents")) {
        auto key = text(node, "Key");
        const auto size = number_of(node, "Size");
        const auto modified = time_of(node, "LastModified");
        if (!key || key->empty()) return lacks(kind, "Key");
        if (!size) return lacks(kind, "Size");
        if (!modified) return lacks(kind, "LastModified");
        page.objects.push_back({std::move(*key), *size, *modified, text_of(node, "ETag")});
    }
    for (const auto& node : root->children("CommonPrefixes")) {
        auto prefix = text(node, "Prefix");
        if (!prefix || prefix->empty()) return lacks(kind, "Prefix");
        page.common_prefixes.push_back(std::move(*prefix));
    }
    const auto truncated = flag_of(*root, "IsTruncated");
    if (!truncated) return lacks(kind, "IsTruncated");
    if (*truncated) page.next_token = text_of(*root, "NextContinuationToken");
    if (*truncated && page.next_token.empty()) return lacks(kind, "NextContinuationToken, though there is more");
    return page;
}

io::result<std::string> read_created_upload(io::byte_view body) {
    constexpr std::string_view kind = "InitiateMultipartUploadResult";
    pugi::xml_document document;
    const auto root = read_document(document, body, kind);
    if (!root) return root.error();
    std::string id = text_of(*root, "UploadId");
    if (id.empty() || id.size() > 4096) return lacks(kind, "UploadId");
    return id;
}

io::result<std::string> read_completed_upload(io::byte_view body) {
    constexpr std::string_view kind = "CompleteMultipartUploadResult";
    pugi::xml_document document;
    const auto root = read_document(document, body, kind);
    io::error lost = root ? lacks(kind, "ETag") : root.error();
    lost.code = io::errc::outcome_unknown;
    if (!root || !root->child("ETag")) return lost;
    return text_of(*root, "ETag");
}

io::result<part_page> read_part_page(io::byte_view body) {
    constexpr std::string_view kind = "ListPartsResult";
    constexpr unsigned most_parts = 10'000;
    pugi::xml_document document;
    const auto root = read_document(document, body, kind);
    if (!root) return root.error();
    part_page page;
    for (const auto& node : root->children("Part")) {
        const auto part = number_of(node, "PartNumber");
        std::string etag = text_of(node, "ETag");
        if (!part || *part == 0 || *part > most_parts || (!page.parts.empty() && *part <= page.parts.back().number)) return lacks(kind, "PartNumber");
        if (etag.empty()) return lacks(kind, "ETag");
        page.parts.push_back({static_cast<unsigned>(*part), std::move(etag)});
    }
    const auto truncated = flag_of(*root, "IsTruncated");
    if (!truncated) return lacks(kind, "IsTruncated");
    if (*truncated && page.parts.empty()) return lacks(kind, "Part, though there is more");
    if (*truncated) page.next = page.parts.back().number;
    return page;
}

io::result<upload_page> read_upload_page(io::byte_view body) {
    constexpr std::string_view kind = "ListMultipartUploadsResult";
    pugi::xml_document document;
    const auto root = read_document(document, body, kind);
    if (!root) return root.error();
    const text_reader text(*root);
    upload_page page;
    for (const auto& node : root->children("Upload")) {
        auto key = text(node, "Key");
        std::string id = text_of(node, "UploadId");
        const auto initiated = time_of(node, "Initiated");
        if (!key || key->empty()) return lacks(kind, "Key");
        if (id.empty()) return lacks(kind, "UploadId");
        if (!initiated) return lacks(kind, "Initiated");
        page.uploads.push_back({std::move(*key), std::move(id), *initiated});
    }
    const auto truncated = flag_of(*root, "IsTruncated");
    if (!truncated) return lacks(kind, "IsTruncated");
    if (!*truncated) return page;
    auto key = text(*root, "NextKeyMarker");
    if (!key || key->empty()) return lacks(kind, "NextKeyMarker, though there is more");
    page.next = upload_marker{std::move(*key), text_of(*root, "NextUploadIdMarker")};
    return page;
}

io::result<std::vector<remove_failure>> read_removed(io::byte_view body) {
    constexpr std::string_view kind = "DeleteResult";
    pugi::xml_document document;
    const auto root = read_document(document, body, kind);
    if (!root) return root.error();
    std::vector<remove_failure> failures;
    for (const auto& node : root->children("Error"))
        failures.push_back({text_of(node, "Key"), text_of(node, "Code"), text_of(node, "Message")});
    return failures;
}

io::result<object_head> read_object_head(const http_response_head& head) {
    object_head out;
    const std::string* range = head.status == 206 ? head.find("content-range") : nullptr;
    if (range != nullptr) {
        const auto parsed = read_content_range(*range);
        if (!parsed) return bad("a Content-Range that cannot be read");
        out.size = parsed->total;
    } else {
        const std::string* length = head.find("content-length");
        const auto size = length == nullptr ? std::nullopt : number(*length);
        if (!size) return bad("an object without a proper Content-Length");
        out.size = *size;
    }
    if (const auto* etag = head.find("etag")) out.etag = *etag;
    if (const auto* modified = head.find("last-modified")) out.last_modified_ms = parse_http_date(*modified);
    constexpr std::string_view prefix = "x-amz-meta-";
    for (const auto& header : head.headers) {
        std::string name = header.name;
        std::ranges::transform(name, name.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
        if (name.starts_with(prefix)) out.about.push_back({name.substr(prefix.size()), header.value});
    }
    return out;
}

io::result<body_extent> read_extent(const http_response_head& head, std::uint64_t offset, std::optional<std::uint64_t> length) {
    auto object = read_object_head(head);
    if (!object) return object.error();
    const std::uint64_t end = length ? std::min(object->size, offset + *length) : object->size;
    if (head.status == 200) {
        if (offset != 0 || end != object->size) return bad("the whole object instead of the range that was asked for");
        return body_extent{object->size, std::move(*object)};
    }
    const std::string* range = head.find("content-range");
    const auto parsed = range == nullptr ? std::nullopt : read_content_range(*range);
    if (head.status != 206 || !parsed) return bad(fmt::format("HTTP {} without a range that can be read", head.status));
    if (parsed->first != offset || parsed->last + 1 != end) {
        return bad(fmt::format("bytes {} to {} of {} instead of {} to {}", parsed->first, parsed->last, parsed->total, offset, end - 1));
    }
    return body_extent{end - offset, std::move(*object)};
}

}  // namespace s3
