#include "s3/claims.h"

#include <fmt/format.h>

#include "io/failpoint.h"
#include "io/retry.h"

namespace s3 {

namespace {

constexpr std::string_view claim_name = "flotilla-upload";
// Looks and repetitions when replies were lost; each of them is a whole chain of attempts of the client's.
constexpr int most_rounds = 4;
constexpr io::retry_policy between_rounds{std::chrono::milliseconds(200), std::chrono::seconds(5)};

}  // namespace

io::task<io::result<std::optional<object_view>>> claims::look(std::string key) {
    auto answer = co_await requests_.send(make_call(operation::head_object, key, head_object(requests_.where(), key)));
    if (!answer && answer.error().code == io::errc::not_found) co_return std::optional<object_view>();
    if (!answer) co_return answer.error();
    auto head = read_object_head(answer->head);
    if (!head) co_return head.error().within(key);
    object_view out{std::move(*head), {}};
    if (const auto* id = find_header(out.head.about, claim_name)) out.claimed_by = *id;
    co_return std::optional<object_view>(std::move(out));
}

io::task<io::result<void>> claims::claim(const std::string& key, const std::string& upload_id, const metadata& about) {
    metadata with_id = about;
    with_id.push_back({std::string(claim_name), upload_id});
    io::backoff pause(between_rounds);
    for (int round = 1;; ++round) {
        call put{operation::put_object, key, {}, write_condition::kind::if_absent};
        put.request = put_object(requests_.where(), key, {}, with_id, {write_condition::kind::if_absent, {}});
        auto made = co_await requests_.send(std::move(put));
        if (made) co_return io::result<void>();
        const io::errc code = made.error().code;
        if (code != io::errc::already_exists && code != io::errc::outcome_unknown) co_return made.error();
        auto there = co_await look(key);
        if (there && *there && (*there)->is_claim() && (*there)->claimed_by == upload_id) co_return io::result<void>();
        // Whether the lost put will still arrive cannot be known: it must be made to have an outcome before the upload may be aborted.
        if (there && *there) co_return io::error{io::errc::already_exists, io::subject::store, made.error().context};
        if (round == most_rounds) co_return io::error{io::errc::outcome_unknown, io::subject::store, made.error().context};
        co_await io::sleep_for(env_.time, pause.next(env_.dice));
    }
}

// The key is claimed by this upload: only its completion can replace the claim, so that it may be repeated.
io::task<io::result<void>> claims::complete(const std::string& key, const std::string& upload_id, const std::vector<uploaded_part>& parts) {
    io::backoff pause(between_rounds);
    for (int round = 1;; ++round) {
        const auto request = complete_upload(requests_.where(), key, upload_id, parts, {});
        auto answer = co_await requests_.send(make_call(operation::complete_upload, key, request));
        io::result<std::string> etag = answer ? read_completed_upload(answer->body) : io::result<std::string>(answer.error());
        if (etag) co_return io::result<void>();
        const io::error why = etag.error();
        auto there = co_await look(key);
        if (there && *there && !(*there)->is_claim()) co_return io::result<void>();
        const bool definite = why.code != io::errc::outcome_unknown && io::classify(why.code) != io::disposition::retry;
        if (definite || round == most_rounds) co_return why;
        co_await io::sleep_for(env_.time, pause.next(env_.dice));
    }
}

io::task<io::result<void>> claims::publish(std::string key, std::string upload_id, std::vector<uploaded_part> parts, metadata about) {
    auto claimed = co_await claim(key, upload_id, about);
    if (!claimed) {
        // Without knowing whether the claim may still appear, its upload has to stay: whoever meets the claim can finish it.
        if (claimed.error().code != io::errc::outcome_unknown) co_await abort(key, upload_id);
        co_return claimed;
    }
    io::failpoint("upload.claimed");
    auto completed = co_await complete(key, upload_id, parts);
    io::failpoint("upload.completed");
    if (completed) co_return completed;
    if (completed.error().code == io::errc::outcome_unknown || io::classify(completed.error().code) == io::disposition::retry) {
        co_return io::error{io::errc::outcome_unknown, io::subject::store, completed.error().context};
    }
    co_await give_up(key, upload_id);
    co_return completed;
}

// The server will not complete the upload. Once it is aborted nobody else can finish it, and the claim that is still there is ours alone.
io::task<void> claims::give_up(const std::string& key, const std::string& upload_id) {
    co_await abort(key, upload_id);
    auto there = co_await look(key);
    const bool is_ours = there && *there && (*there)->is_claim() && (*there)->claimed_by == upload_id;
    if (!is_ours) co_return;
    auto removed = co_await requests_.send(make_call(operation::remove_object, key, remove_object(requests_.where(), key)));
    if (!removed) env_.journal.warning("an empty object stays and blocks its name: {}", removed.error().context);
}

io::task<io::result<std::vector<uploaded_part>>> claims::parts_of(const std::string& key, const std::string& upload_id) {
    std::vector<uploaded_part> parts;
    for (std::optional<unsigned> after = 0; after;) {
        auto answer = co_await requests_.send(make_call(operation::list_parts, key, list_parts(requests_.where(), key, upload_id, *after)));
        if (!answer) co_return answer.error();
        auto page = read_part_page(answer->body);
        if (!page) co_return page.error().within(key);
        if (!page->parts.empty() && page->parts.front().number <= *after) {
            co_return io::error{io::errc::corrupt, io::subject::store, key + ": the server lists the same parts again"};
        }
        parts.insert(parts.end(), page->parts.begin(), page->parts.end());
        after = page->next;
    }
    co_return parts;
}

io::task<io::result<void>> claims::finish(std::string key, std::string upload_id) {
    auto parts = co_await parts_of(key, upload_id);
    if (parts) co_return co_await complete(key, upload_id, *parts);
    auto there = co_await look(key);
    if (!there) co_return there.error();
    if (!*there || !(*there)->is_claim()) co_return io::result<void>();  // somebody else was faster
    if (parts.error().code != io::errc::not_found) co_return parts.error();
    co_return io::error{io::errc::corrupt, io::subject::store,
                        fmt::format("{}: an empty object that stands for an upload which no longer exists. No confirmed write is lost by "
                                    "removing it: remove it by hand ({})",
                                    key, parts.error().context)};
}

io::task<void> claims::abort(std::string key, std::string upload_id) {
    auto done = co_await requests_.send(make_call(operation::abort_upload, key, abort_upload(requests_.where(), key, upload_id)));
    if (!done && done.error().code != io::errc::not_found) env_.journal.debug("{}", done.error().context);
}

io::task<io::result<void>> claims::clear_leftovers(std::string prefix, io::duration age) {
    const std::int64_t oldest_ms = env_.time.wall_ms() - std::chrono::duration_cast<std::chrono::milliseconds>(age).count();
    for (std::optional<upload_marker> after = upload_marker{}; after;) {
        auto answer = co_await requests_.send(make_call(operation::list_uploads, "", list_uploads(requests_.where(), prefix, *after)));
        if (!answer) co_return answer.error();
        auto page = read_upload_page(answer->body);
        if (!page) co_return page.error().within("list uploads");
        for (const auto& upload : page->uploads) {
            auto there = co_await look(upload.key);
            if (!there) co_return there.error();
            if (*there && (*there)->is_claim() && (*there)->claimed_by == upload.upload_id) {
                auto finished = co_await finish(upload.key, upload.upload_id);
                if (!finished) co_return finished;
                env_.journal.info("{}: an upload that was interrupted at its end is complete", upload.key);
            } else if (upload.initiated_ms <= oldest_ms) {
                co_await abort(upload.key, upload.upload_id);
                env_.journal.info("{}: an upload that was left behind is aborted", upload.key);
            }
        }
        const bool stuck = page->next && page->next->key == after->key && page->next->upload_id == after->upload_id;
        if (stuck) co_return io::error{io::errc::corrupt, io::subject::store, "the server lists the same uploads again"};
        after = page->next;
    }
    co_return io::result<void>();
}

}  // namespace s3
