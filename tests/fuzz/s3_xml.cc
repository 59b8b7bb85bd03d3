// A document from any server, in each of the roles in which one is read: no crash, no unbounded memory; an error says that the store is
// to blame, an accepted page holds what a page must hold, and what a refusal says is printable.
#include <algorithm>
#include <cstdint>
#include <cstdlib>

#include "s3/error.h"
#include "s3/error_document.h"
#include "s3/list_cursor.h"
#include "s3/response.h"

namespace {

void require(bool condition) {
    if (!condition) std::abort();
}

template <class T>
bool good(const io::result<T>& read) {
    if (!read) require(read.error().about == io::subject::store && !read.error().context.empty());
    return read.has_value();
}

bool printable(const std::string& text) {
    return text.size() < 2000 && std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) >= 0x20 && static_cast<unsigned char>(c) < 0x7f; });
}

void read_as_answer(io::byte_view body) {
    if (const auto page = s3::read_list_page(body); good(page)) {
        for (const auto& object : page->objects) require(!object.key.empty() && object.key.find('\0') == std::string::npos);
        for (const auto& prefix : page->common_prefixes) require(!prefix.empty());
        s3::list_cursor cursor("", "/", 1000);
        if (good(cursor.take(*page))) require(cursor.done() == page->next_token.empty() && cursor.objects().size() == page->objects.size());
    }
    if (const auto page = s3::read_upload_page(body); good(page))
        for (const auto& upload : page->uploads) require(!upload.key.empty() && !upload.upload_id.empty());
    if (const auto id = s3::read_created_upload(body); good(id)) require(!id->empty());
    if (const auto etag = s3::read_completed_upload(body); !good(etag)) require(etag.error().code == io::errc::outcome_unknown);
    (void)good(s3::read_removed(body));
}

void read_as_refusal(unsigned choice, io::byte_view body) {
    constexpr unsigned statuses[] = {301, 304, 307, 400, 403, 404, 409, 412, 416, 429, 500, 501, 503, 507};
    static const s3::store_url in = s3::parse_store_url("s3://bkt?region=eu-west-1", {}).value();
    const s3::http_response_head head{statuses[choice % std::size(statuses)], {}};
    const auto what = static_cast<s3::operation>(choice / 16 % 13);
    const auto condition = static_cast<s3::write_condition::kind>(choice % 3);
    const auto says = s3::read_error(head, body);
    require(printable(says.code) && printable(says.message) && printable(says.request_id) && printable(says.region) && printable(says.endpoint));
    const auto failed = s3::judge(in, {what, "k", condition, "A", 0}, head, body);
    require(failed.error.about == io::subject::store && printable(failed.error.context));
    // Nothing but a document that says so makes an object missing.
    if (failed.error.code == io::errc::not_found && what != s3::operation::head_object) require(says.code.starts_with("NoSuch"));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const io::byte_view body(data + 1, size - 1);
    read_as_answer(body);
    read_as_refusal(data[0], body);
    return 0;
}
