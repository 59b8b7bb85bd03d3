// The checks of multipart uploads and of what the store can do without.
#include <fmt/format.h>

#include <algorithm>

#include "s3/store_check.h"

namespace s3 {

namespace {

constexpr std::size_t least_part = 5U << 20U;  // S3's minimum for all parts but the last

io::error seen(std::string what) { return {io::errc::unsupported, io::subject::store, std::move(what)}; }

const write_condition absent{write_condition::kind::if_absent, {}};

// Credentials with another secret, to see whether anybody notices.
class forger final : public credentials_source {
public:
    explicit forger(credentials_source& real) : real_(real) {}
    io::task<io::result<credentials>> get() override {
        auto keys = co_await real_.get();
        if (keys) keys->secret_key = secret("not the secret");
        co_return keys;
    }
    void refused(const credentials&) override {}

private:
    credentials_source& real_;
};

}  // namespace

// Begins an upload and sends its parts, one after the other: its id.
io::task<io::result<std::string>> store_check::upload(std::string key, const std::vector<shared_bytes>& parts, std::vector<uploaded_part>& uploaded) {
    auto begun = co_await requests_.send(make_call(operation::create_upload, key, create_upload(where_, key, {})));
    if (!begun) co_return begun.error();
    auto id = read_created_upload(begun->body);
    if (!id) co_return id.error();
    for (const auto& part : parts) {
        const unsigned number = static_cast<unsigned>(uploaded.size()) + 1;
        auto sent = co_await requests_.send(make_call(operation::upload_part, key, upload_part(where_, key, *id, number, part)));
        if (!sent) co_return sent.error();
        const std::string* etag = sent->head.find("etag");
        if (etag == nullptr) co_return seen("a part without an ETag");
        uploaded.push_back({number, *etag});
    }
    co_return id;
}

io::task<io::result<void>> store_check::complete(std::string key, std::string id, std::vector<uploaded_part> parts, write_condition condition) {
    call made{operation::complete_upload, key, complete_upload(where_, key, id, parts, condition), condition.when};
    auto answer = co_await requests_.send(std::move(made));
    if (!answer) co_return answer.error();
    auto etag = read_completed_upload(answer->body);
    if (!etag) co_return etag.error();
    co_return io::result<void>();
}

io::task<void> store_check::abort(std::string key, std::string id) {
    (void)co_await requests_.send(make_call(operation::abort_upload, key, abort_upload(where_, key, id)));
}

io::task<store_check::finding> store_check::multipart() {
    const std::string name = key("large");
    // The claim that the upload will replace.
    auto claimed = co_await put(name, {}, absent);
    if (!claimed) co_return claimed.error();
    const shared_bytes whole = some_bytes(least_part + 1000);
    std::vector<uploaded_part> parts;
    auto id = co_await upload(name, {whole.slice(0, least_part), whole.slice(least_part, 1000)}, parts);
    if (!id) co_return id.error();
    auto before = co_await get(name, 0, std::nullopt);
    if (!before || !before->empty()) co_return seen("the upload is visible before it is completed");
    auto done = co_await complete(name, *id, parts);
    if (!done) co_return done.error();
    auto back = co_await get(name, 0, std::nullopt);
    if (!back) co_return back.error();
    if (!std::ranges::equal(*back, whole.view())) co_return seen("other bytes came back");
    auto middle = co_await get(name, least_part - 10, 20);
    if (!middle) co_return middle.error();
    if (!std::ranges::equal(*middle, whole.view().subspan(least_part - 10, 20))) co_return seen("other bytes came back across the border of two parts");
    co_return "";
}

io::task<store_check::finding> store_check::multipart_abort() {
    const std::string name = key("aborted");
    std::vector<uploaded_part> parts;
    auto id = co_await upload(name, {some_bytes(1000)}, parts);
    if (!id) co_return id.error();
    const auto listed = [this](const std::string& prefix) -> io::task<io::result<upload_page>> {
        auto answer = co_await requests_.send(make_call(operation::list_uploads, "", list_uploads(where_, prefix, {})));
        if (!answer) co_return answer.error();
        co_return read_upload_page(answer->body);
    };
    auto there = co_await listed(name);
    if (!there) co_return there.error();
    const auto is_ours = [&](const pending_upload& each) { return each.key == name && each.upload_id == *id; };
    if (std::ranges::count_if(there->uploads, is_ours) != 1) co_return seen("an upload that is under way is not listed");
    auto aborted = co_await requests_.send(make_call(operation::abort_upload, name, abort_upload(where_, name, *id)));
    if (!aborted) co_return aborted.error();
    auto left = co_await listed(name);
    if (!left) co_return left.error();
    if (std::ranges::count_if(left->uploads, is_ours) != 0) co_return seen("an aborted upload is still listed");
    auto object = co_await get(name, 0, std::nullopt);
    co_return object || object.error().code != io::errc::not_found ? finding(seen("an aborted upload left an object")) : finding("");
}

io::task<store_check::finding> store_check::batch_removal() {
    const std::vector<std::string> names{key("odd/a b"), key("odd/a&b=c?d#e"), key("odd/\xc3\xa9\xe1\x88\xb4"), key("never existed")};
    auto answer = co_await requests_.send(make_call(operation::remove_objects, "", remove_objects(where_, names)));
    if (!answer) co_return answer.error();
    auto failures = read_removed(answer->body);
    if (!failures) co_return failures.error();
    if (!failures->empty()) co_return seen(fmt::format("{}: {}", failures->front().key, failures->front().code));
    auto left = co_await get(names.front(), 0, std::nullopt);
    co_return left || left.error().code != io::errc::not_found ? finding(seen("an object is still there")) : finding("");
}

io::task<store_check::finding> store_check::replace_if_match() {
    const std::string name = key("ranges");
    auto answer = co_await requests_.send(make_call(operation::head_object, name, head_object(where_, name)));
    if (!answer) co_return answer.error();
    auto head = read_object_head(answer->head);
    if (!head) co_return head.error();
    auto stale = co_await put(name, {'1'}, {write_condition::kind::if_match, "\"00000000000000000000000000000000\""});
    if (stale) co_return seen("If-Match is ignored");
    if (stale.error().code != io::errc::precondition_failed) co_return stale.error();
    auto fresh = co_await put(name, {'2'}, {write_condition::kind::if_match, head->etag});
    if (!fresh && fresh.error().code == io::errc::precondition_failed && !where_.unquoted_if_match)
        co_return seen("If-Match refuses the ETag as it was given: unquoted-if-match=true may help");
    if (!fresh) co_return fresh.error();
    co_return where_.unquoted_if_match ? "with unquoted-if-match" : "";
}

io::task<store_check::finding> store_check::condition_on_completion() {
    const std::string name = key("once");
    std::vector<uploaded_part> parts;
    auto id = co_await upload(name, {some_bytes(1000)}, parts);
    if (!id) co_return id.error();
    auto done = co_await complete(name, *id, parts, absent);
    if (done) co_return seen("If-None-Match: * is ignored when an upload is completed; flotilla claims the key before");
    co_await abort(name, *id);
    if (done.error().code != io::errc::already_exists) co_return done.error();
    co_return "";
}

io::task<store_check::finding> store_check::wrong_secret() {
    forger forged(keys_);
    client other(env_, net_, forged, where_, settings_);
    auto answer = co_await other.send(make_call(operation::head_object, key("ranges"), head_object(where_, key("ranges"))));
    if (answer) co_return seen("signatures are not verified");
    if (answer.error().code != io::errc::access_denied) co_return answer.error();
    co_return "";
}

// Removes what was written, as far as the server lets us.
io::task<void> store_check::clear() {
    list_query query;
    query.prefix = root_;
    while (true) {
        auto page = co_await list(query);
        if (!page) co_return;
        for (const auto& object : page->objects)
            (void)co_await requests_.send(make_call(operation::remove_object, object.key, remove_object(where_, object.key)));
        if (page->next_token.empty()) co_return;
        query.continuation_token = page->next_token;
    }
}

}  // namespace s3
