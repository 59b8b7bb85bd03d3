#include "tests/sim/s3_bucket.h"

#include <algorithm>
#include <charconv>
#include <set>

#include "io/clock.h"
#include "s3/xml.h"
#include "tests/sim/http_server.h"

namespace sim {

namespace {

constexpr std::string_view meta_prefix = "x-amz-meta-";
constexpr std::string_view time_name = "x-amz-meta-litestream-timestamp";
constexpr std::size_t least_part = 5U << 20U;
constexpr unsigned most_parts = 10'000;
constexpr std::size_t most_key = 1024;

std::optional<std::uint64_t> number(std::string_view text) {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return value;
}

s3::http_response document(std::string_view root, const std::string& inside) {
    const std::string text = fmt::format("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<{0} xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">{1}</{0}>", root, inside);
    return {{200, {{"Content-Type", "application/xml"}}}, {text.begin(), text.end()}};
}

std::string tag(std::string_view name, std::string_view text) { return fmt::format("<{0}>{1}</{0}>", name, text); }

std::string etag_of(const store_server::object& what) {
    return what.parts == 0 ? fmt::format("\"{:032x}\"", what.version) : fmt::format("\"{:032x}-{}\"", what.version, what.parts);
}

// In a document, where quotes are entities.
std::string in_xml(const std::string& etag) { return "&quot;" + etag.substr(1, etag.size() - 2) + "&quot;"; }

s3::http_response refuse(unsigned status, std::string code, std::string why, bool offence = false) {
    return s3_error({status, std::move(code), std::move(why), offence});
}

s3::http_response no_such_key() { return refuse(404, "NoSuchKey", "The specified key does not exist."); }
s3::http_response no_such_upload() { return refuse(404, "NoSuchUpload", "The specified upload does not exist."); }

constexpr std::string_view offence_header = "x-sim-offence";

}  // namespace

s3::http_response s3_error(const s3_refusal& why) {
    const std::string text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error>" + tag("Code", why.code) + tag("Message", why.why) + "</Error>";
    s3::http_response out{{why.status, {{"Content-Type", "application/xml"}}}, {text.begin(), text.end()}};
    if (why.offence) out.head.headers.push_back({std::string(offence_header), why.code + ": " + why.why});
    return out;
}

struct s3_bucket::question {
    const s3::http_request& request;
    std::string bucket;
    std::string key;
    std::vector<s3::query_parameter> query;
    bool proper = false;

    explicit question(const s3::http_request& of) : request(of) {
        const auto path = s3::decode(of.path, s3::plus::literal);
        auto parameters = s3::decode_query(of.query);
        if (!path || !parameters || !path->starts_with('/')) return;
        const std::size_t slash = std::min(path->find('/', 1), path->size());
        bucket = path->substr(1, slash - 1);
        if (slash < path->size()) key = path->substr(slash + 1);
        query = std::move(*parameters);
        std::set<std::string> names;
        for (const auto& each : query) names.insert(each.name);
        // As it would be signed: each name once, and everything encoded as the specification wants it.
        proper = names.size() == query.size() && s3::encode_query(query) == of.query && "/" + s3::encode_path(path->substr(1)) == of.path;
    }
    const std::string* find(std::string_view name) const {
        for (const auto& each : query) if (each.name == name) return &each.value;
        return nullptr;
    }
    std::string value(std::string_view name) const {
        const std::string* found = find(name);
        return found == nullptr ? "" : *found;
    }
    const std::string* header(std::string_view name) const { return s3::find_header(request.headers, name); }
};

// One line of the API: what makes a request one of these, and what else it may carry.
struct s3_bucket::operation {
    request_kind kind;
    std::string_view method;
    bool on_key;
    std::string_view marker;                 // the parameter that tells it from others; empty: none of theirs
    std::vector<std::string_view> query;     // parameters, the marker included
    std::vector<std::string_view> headers;   // beyond those that every request has
    s3::http_response (s3_bucket::*carry_out)(const question&);
};

const std::vector<s3_bucket::operation>& s3_bucket::operations() {
    using kind = request_kind;
    static const std::vector<operation> all = {
        {kind::part, "PUT", true, "uploadId", {"partNumber", "uploadId"}, {}, &s3_bucket::put_part},
        {kind::put, "PUT", true, "", {}, {"content-type", "if-none-match"}, &s3_bucket::put},
        {kind::list, "GET", true, "uploadId", {"uploadId", "part-number-marker"}, {}, &s3_bucket::list_parts},
        {kind::get, "GET", true, "", {}, {"range", "if-match"}, &s3_bucket::get},
        {kind::head, "HEAD", true, "", {}, {}, &s3_bucket::head},
        {kind::abort, "DELETE", true, "uploadId", {"uploadId"}, {}, &s3_bucket::abort},
        {kind::remove, "DELETE", true, "", {}, {}, &s3_bucket::remove},
        {kind::begin, "POST", true, "uploads", {"uploads"}, {"content-type"}, &s3_bucket::begin_upload},
        {kind::complete, "POST", true, "uploadId", {"uploadId"}, {"content-type"}, &s3_bucket::complete},
        {kind::list, "GET", false, "uploads", {"uploads", "encoding-type", "prefix", "key-marker", "upload-id-marker"}, {}, &s3_bucket::list_uploads},
        {kind::list, "GET", false, "list-type", {"list-type", "encoding-type", "max-keys", "prefix", "delimiter", "start-after", "continuation-token"}, {}, &s3_bucket::list},
        {kind::remove, "POST", false, "delete", {"delete"}, {"content-type", "content-md5"}, &s3_bucket::remove_many},
        {kind::head, "HEAD", false, "", {}, {}, &s3_bucket::head_bucket},
    };
    return all;
}

const s3_bucket::operation* s3_bucket::find(const question& asked) const {
    for (const auto& each : operations()) {
        if (each.method != asked.request.method || each.on_key == asked.key.empty()) continue;
        if (each.marker.empty() || asked.find(each.marker) != nullptr) return &each;
    }
    return nullptr;
}

std::optional<request_kind> s3_bucket::kind_of(const s3::http_request& request) const {
    const question asked(request);
    const operation* what = find(asked);
    if (what == nullptr) return std::nullopt;
    if (what->kind == request_kind::put && asked.header("if-none-match") != nullptr) return request_kind::create;
    return what->kind;
}

s3::http_response s3_bucket::carry_out(const s3::http_request& request, std::string& offence) {
    const question asked(request);
    const operation* what = find(asked);
    const auto answer = [&]() -> s3::http_response {
        if (!asked.proper) return refuse(400, "InvalidURI", "not as the specification encodes it", true);
        if (asked.bucket != name_) return refuse(404, "NoSuchBucket", "there is one bucket here, and this is not it", true);
        if (what == nullptr) return refuse(405, "MethodNotAllowed", "no such operation", true);
        if (asked.key.size() > most_key) return refuse(400, "KeyTooLongError", "too long", true);
        for (const auto& each : asked.query) {
            if (std::ranges::find(what->query, each.name) == what->query.end()) return refuse(400, "InvalidArgument", "a parameter that does not belong: " + each.name, true);
        }
        for (const char* name : {"content-type", "content-md5", "if-none-match", "if-match", "range"}) {
            if (asked.header(name) != nullptr && std::ranges::find(what->headers, name) == what->headers.end()) {
                return refuse(501, "NotImplemented", std::string("a header that does not belong: ") + name, true);
            }
        }
        return (this->*what->carry_out)(asked);
    };
    s3::http_response out = answer();
    if (const std::string* said = s3::find_header(out.head.headers, offence_header)) offence = fmt::format("{} {}: {}", request.method, request.target(), *said);
    s3::erase_header(out.head.headers, offence_header);
    return out;
}

namespace {

std::vector<std::pair<std::string, std::string>> metadata_of(const s3::http_request& request) {
    std::vector<std::pair<std::string, std::string>> out;
    for (const auto& each : request.headers) {
        if (each.name.starts_with(meta_prefix)) out.emplace_back(each.name, each.value);
    }
    return out;
}

std::int64_t time_in(const std::vector<std::pair<std::string, std::string>>& about) {
    std::int64_t out = 0;
    for (const auto& [name, value] : about) if (name == time_name) (void)io::parse_time(value, out);
    return out;
}

}  // namespace

s3::http_response s3_bucket::describe(const store_server::object& what) const {
    s3::http_response out{{200, {{"ETag", etag_of(what)}, {"Last-Modified", http_date(what.modified_ms)}, {"Content-Type", "application/octet-stream"}}}, {}};
    for (const auto& [name, value] : what.about) out.head.headers.push_back({name, value});
    return out;
}

s3::http_response s3_bucket::put(const question& asked) {
    if (const std::string* condition = asked.header("if-none-match")) {
        if (*condition != "*") return refuse(501, "NotImplemented", "If-None-Match takes a * here", true);
        if (truth_.has(asked.key)) return refuse(412, "PreconditionFailed", "At least one of the pre-conditions you specified did not hold");
    }
    const io::byte_view body = asked.request.body.view();
    auto about = metadata_of(asked.request);
    const std::int64_t time = time_in(about);
    truth_.write(asked.key, {{body.begin(), body.end()}, time, std::move(about), 0, 0, 0, 0});
    return {{200, {{"ETag", etag_of(truth_.objects.at(asked.key))}}}, {}};
}

s3::http_response s3_bucket::get(const question& asked) {
    const auto at = truth_.objects.find(asked.key);
    if (at == truth_.objects.end()) return no_such_key();
    const store_server::object& object = at->second;
    const std::string* condition = asked.header("if-match");
    if (condition != nullptr && *condition != etag_of(object)) return refuse(412, "PreconditionFailed", "it is another object");
    s3::http_response out = describe(object);
    const std::string* range = asked.header("range");
    if (range == nullptr) {
        out.body = object.data;
        return out;
    }
    const std::size_t dash = std::min(range->find('-'), range->size());
    const auto first = range->starts_with("bytes=") && dash < range->size() ? number(range->substr(6, dash - 6)) : std::nullopt;
    if (!first) return refuse(400, "InvalidArgument", "a range that is none: " + *range, true);
    const auto last = dash + 1 == range->size() ? std::optional(~std::uint64_t{0} >> 1U) : number(range->substr(dash + 1));
    if (!last || *last < *first) return refuse(400, "InvalidArgument", "a range that is none: " + *range, true);
    if (*first >= object.data.size()) return refuse(416, "InvalidRange", "The requested range is not satisfiable");
    const std::uint64_t end = std::min<std::uint64_t>(*last + 1, object.data.size());
    out.head.status = 206;
    out.head.headers.push_back({"Content-Range", fmt::format("bytes {}-{}/{}", *first, end - 1, object.data.size())});
    out.body.assign(object.data.begin() + static_cast<std::ptrdiff_t>(*first), object.data.begin() + static_cast<std::ptrdiff_t>(end));
    return out;
}

s3::http_response s3_bucket::head(const question& asked) {
    const auto at = truth_.objects.find(asked.key);
    if (at == truth_.objects.end()) return no_such_key();
    s3::http_response out = describe(at->second);
    out.head.headers.push_back({"Content-Length", fmt::format("{}", at->second.data.size())});
    return out;
}

s3::http_response s3_bucket::remove(const question& asked) {
    truth_.objects.erase(asked.key);
    return {{204, {}}, {}};
}

s3::http_response s3_bucket::remove_many(const question& asked) {
    const std::string* sum = asked.header("content-md5");
    if (sum == nullptr || *sum != s3::to_base64(s3::md5(asked.request.body.view()))) return refuse(400, "BadDigest", "Content-MD5 is missing or wrong", true);
    pugi::xml_document document_of;
    const auto root = s3::read_document(document_of, asked.request.body.view(), "Delete");
    if (!root) return refuse(400, "MalformedXML", "no list of keys", true);
    for (const auto& each : root->children("Object")) truth_.objects.erase(s3::text_of(each, "Key"));
    return document("DeleteResult", "");
}

s3::http_response s3_bucket::head_bucket(const question&) { return {{200, {}}, {}}; }

s3::http_response s3_bucket::list(const question& asked) {
    const auto most = number(asked.value("max-keys"));
    if (asked.value("list-type") != "2" || asked.value("encoding-type") != "url" || !most || *most == 0 || *most > 1000) return refuse(400, "InvalidArgument", "a listing that is none", true);
    const std::string prefix = asked.value("prefix"), delimiter = asked.value("delimiter");
    std::string after = asked.value("start-after");
    if (const std::string* token = asked.find("continuation-token")) {
        const auto said = s3::decode(token->substr(std::min<std::size_t>(token->size(), 1)), s3::plus::literal);
        if (!token->starts_with("@") || !said) return refuse(400, "InvalidArgument", "no token of ours", true);
        after = *said;
    }
    const std::size_t page = std::min<std::size_t>(*most, habits_.most_listed);
    const std::uint64_t lag = truth_.draw_lag();
    std::string inside, last;
    std::size_t count = 0;
    bool more = false;
    for (auto at = truth_.objects.lower_bound(prefix); at != truth_.objects.end() && at->first.starts_with(prefix); ++at) {
        if (!truth_.is_listed(at->second, lag)) continue;
        const std::size_t slash = delimiter.empty() ? std::string::npos : at->first.find(delimiter, prefix.size());
        const std::string name = slash == std::string::npos ? at->first : at->first.substr(0, slash + delimiter.size());
        if (name <= after || name == last) continue;
        if (count == page) {
            more = true;
            break;
        }
        ++count;
        last = name;
        const std::string encoded = s3::encode_component(name);
        if (slash != std::string::npos) inside += tag("CommonPrefixes", tag("Prefix", encoded));
        else inside += tag("Contents", tag("Key", encoded) + tag("LastModified", io::format_time(at->second.modified_ms)) + tag("ETag", in_xml(etag_of(at->second))) + tag("Size", std::to_string(at->second.data.size())) + tag("StorageClass", "STANDARD"));
    }
    inside += tag("Name", name_) + tag("EncodingType", "url") + tag("KeyCount", std::to_string(count)) + tag("IsTruncated", more ? "true" : "false");
    if (more) inside += tag("NextContinuationToken", "@" + s3::encode_component(last));
    return document("ListBucketResult", inside);
}

s3_bucket::upload* s3_bucket::upload_of(const question& asked) {
    const auto found = uploads_.find(asked.value("uploadId"));
    return found == uploads_.end() || found->second.key != asked.key ? nullptr : &found->second;
}

s3::http_response s3_bucket::begin_upload(const question& asked) {
    const std::string id = fmt::format("up.{:08x}~", ++ids_ * 2654435761U);
    uploads_[id] = {asked.key, metadata_of(asked.request), truth_.wall_ms(), {}};
    return document("InitiateMultipartUploadResult", tag("Bucket", name_) + tag("Key", asked.key) + tag("UploadId", id));
}

s3::http_response s3_bucket::put_part(const question& asked) {
    const auto which = number(asked.value("partNumber"));
    if (!which || *which == 0 || *which > most_parts) return refuse(400, "InvalidArgument", "a part's number is 1 to 10,000", true);
    upload* const to = upload_of(asked);
    if (to == nullptr) return no_such_upload();
    const io::byte_view body = asked.request.body.view();
    part& made = to->parts[static_cast<unsigned>(*which)];
    made = {{body.begin(), body.end()}, fmt::format("\"p{:08x}\"", ++ids_)};
    return {{200, {{"ETag", made.etag}}}, {}};
}

s3::http_response s3_bucket::complete(const question& asked) {
    upload* const from = upload_of(asked);
    if (from == nullptr) return no_such_upload();
    pugi::xml_document document_of;
    const auto root = s3::read_document(document_of, asked.request.body.view(), "CompleteMultipartUpload");
    if (!root || root->child("Part").empty()) return refuse(400, "MalformedXML", "no list of parts", true);
    io::bytes data;
    std::uint64_t before = 0, count = 0;
    std::size_t size_before = least_part;
    for (const auto& each : root->children("Part")) {
        const auto which = s3::number_of(each, "PartNumber");
        if (!which || *which <= before) return refuse(400, "InvalidPartOrder", "parts are listed by ascending number", true);
        const auto found = from->parts.find(static_cast<unsigned>(*which));
        if (found == from->parts.end() || found->second.etag != s3::text_of(each, "ETag")) return refuse(400, "InvalidPart", "no such part", true);
        if (size_before < least_part) return refuse(400, "EntityTooSmall", "all parts but the last have 5 MiB at least", true);
        io::append(data, found->second.data);
        size_before = found->second.data.size();
        before = *which;
        ++count;
    }
    const std::int64_t time = time_in(from->about);
    truth_.write(asked.key, {std::move(data), time, std::move(from->about), 0, 0, count, 0});
    uploads_.erase(asked.value("uploadId"));
    return document("CompleteMultipartUploadResult", tag("Bucket", name_) + tag("ETag", in_xml(etag_of(truth_.objects.at(asked.key)))));
}

s3::http_response s3_bucket::abort(const question& asked) {
    if (upload_of(asked) == nullptr) return no_such_upload();
    uploads_.erase(asked.value("uploadId"));
    return {{204, {}}, {}};
}

s3::http_response s3_bucket::list_parts(const question& asked) {
    const upload* const of = upload_of(asked);
    if (of == nullptr) return no_such_upload();
    const auto after = asked.find("part-number-marker") == nullptr ? std::optional<std::uint64_t>(0) : number(asked.value("part-number-marker"));
    if (!after) return refuse(400, "InvalidArgument", "no number", true);
    std::string inside;
    std::size_t count = 0;
    auto at = of->parts.upper_bound(static_cast<unsigned>(*after));
    for (; at != of->parts.end() && count < habits_.most_listed; ++at, ++count) {
        inside += tag("Part", tag("PartNumber", std::to_string(at->first)) + tag("ETag", in_xml(at->second.etag)) + tag("Size", std::to_string(at->second.data.size())));
    }
    return document("ListPartsResult", inside + tag("IsTruncated", at == of->parts.end() ? "false" : "true"));
}

s3::http_response s3_bucket::list_uploads(const question& asked) {
    const std::string prefix = asked.value("prefix");
    const std::string id_marker = asked.value("upload-id-marker");
    const std::pair after(asked.value("key-marker"), id_marker.empty() ? "~~" : id_marker);  // none: behind all of that key's
    std::set<std::pair<std::string, std::string>> all;
    for (const auto& [id, each] : uploads_) if (each.key.starts_with(prefix)) all.emplace(each.key, id);
    auto at = all.upper_bound(after);
    std::string inside;
    std::pair<std::string, std::string> last;
    for (std::size_t count = 0; at != all.end() && count < habits_.most_listed; ++at, ++count) {
        last = *at;
        inside += tag("Upload", tag("Key", s3::encode_component(at->first)) + tag("UploadId", at->second) + tag("Initiated", io::format_time(uploads_.at(at->second).initiated_ms)));
    }
    const bool more = at != all.end();
    inside += tag("EncodingType", "url") + tag("IsTruncated", more ? "true" : "false");
    if (more) inside += tag("NextKeyMarker", s3::encode_component(last.first)) + tag("NextUploadIdMarker", last.second);
    return document("ListMultipartUploadsResult", inside);
}

}  // namespace sim
