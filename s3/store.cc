#include "s3/store.h"

#include <fmt/format.h>

#include <algorithm>

#include "s3/multipart_writer.h"

namespace s3 {

namespace {

constexpr std::uint64_t most_length = 64U << 20U;
constexpr std::uint64_t most_objects = 10'000'000;
constexpr std::size_t most_keys_at_once = 1000;
constexpr std::string_view own_names = ".flotilla";
constexpr std::string_view probe_name = ".flotilla-probe";
constexpr std::string_view time_name = "litestream-timestamp";

metadata about(const io::object_attributes& attributes) {
    std::string time = io::format_time(attributes.timestamp_ms);
    time.insert(time.size() - 1, "000000");
    return {{std::string(time_name), time}};
}

std::int64_t time_of(const object_head& head) {
    std::int64_t out = 0;
    const auto* text = find_header(head.about, time_name);
    if (text != nullptr && io::parse_time(*text, out)) return out;
    return head.last_modified_ms.value_or(0);
}

// A get in progress, over as many answers as it takes.
struct partial_get {
    const store_url& where;
    const std::string& key;
    std::uint64_t offset;
    std::uint64_t length;
    io::bytes data;
    std::string etag;

    http_request rest() const { return get_object(where, key, offset + data.size(), length - data.size(), etag); }

    // Takes what an answer brought, at most `most` bytes of it. io_failure if these are not the bytes that rest() asked for.
    io::result<void> take(const http_response& answer, std::uint64_t most) {
        auto extent = read_extent(answer.head, offset + data.size(), length - data.size());
        if (!extent) return extent.error().within(key);
        etag = extent->object.etag;
        if (data.empty() && answer.body.size() <= most) {
            data = answer.body;
        } else {
            io::append(data, io::byte_view(answer.body).first(std::min<std::size_t>(answer.body.size(), most)));
        }
        return {};
    }
};

}  // namespace

store::store(const io::environment& env, io::network& net, credentials_source& keys, store_settings settings, access how)
    : env_(env), settings_(std::move(settings)), how_(how), requests_(env, net, keys, settings_.where, settings_.requests), claims_(env, requests_) {}

io::task<io::result<std::unique_ptr<store>>> store::open(const io::environment& env, io::network& net, credentials_source& keys,
                                                          store_settings settings, access how) {
    std::unique_ptr<store> out(new store(env, net, keys, std::move(settings), how));
    auto ready = co_await out->prepare();
    if (!ready) co_return ready.error();
    co_return std::move(out);
}

io::task<io::result<void>> store::prepare() {
    list_query one;
    one.prefix = below("");
    one.max_keys = 1;
    auto listed = co_await requests_.send(make_call(operation::list_objects, "", list_objects(requests_.where(), one)));
    if (!listed) co_return listed.error();
    if (how_ == access::read) co_return io::result<void>();

    auto honoured = co_await honours_conditional_puts();
    if (!honoured) co_return honoured.error();
    if (*honoured) {
        env_.journal.info("{}: conditional puts are honoured (If-None-Match: *)", url());
        settings_.unsafe_no_conditional_put = false;
    } else if (settings_.unsafe_no_conditional_put) {
        env_.journal.warning("{}: conditional puts are NOT honoured: a second writer of a stream would overwrite it unseen", url());
    } else {
        co_return io::error{io::errc::unsupported, io::subject::store,
                            url() + ": the store does not honour conditional puts (If-None-Match: *), so two writers of one stream would overwrite "
                                    "each other unseen. Use another store, or accept that with --unsafe-no-conditional-put"};
    }
    auto cleared = co_await claims_.clear_leftovers(below(""), settings_.abort_uploads_after);
    if (!cleared && cleared.error().code != io::errc::unsupported && cleared.error().code != io::errc::access_denied) co_return cleared;
    if (!cleared) env_.journal.warning("uploads that were left behind are not looked for: {}", cleared.error().context);
    co_return io::result<void>();
}

io::task<io::result<bool>> store::honours_conditional_puts() {
    auto key = whole(std::string(probe_name));
    if (!key) co_return key.error();
    constexpr int most_tries = 6;
    io::error last;
    int created = 0;
    for (int i = 0; i < most_tries; ++i) {
        const io::bytes text{'p', 'r', 'o', 'b', 'e', '\n'};
        auto put = co_await create_object(requests_, *key, text, {}, true);
        if (!put && put.error().code == io::errc::already_exists) co_return true;
        if (!put && put.error().code == io::errc::unsupported) co_return false;
        if (!put && put.error().code != io::errc::outcome_unknown) co_return put.error();
        if (put && ++created == 2) co_return false;
        if (!put) last = put.error();
    }
    co_return last;
}

io::result<std::string> store::whole(const std::string& key) const {
    if (auto ok = io::check_key(key); !ok) return ok.error();
    const std::string& prefix = settings_.where.prefix;
    std::string out = prefix.empty() ? key : prefix + "/" + key;
    if (auto ok = io::check_key(out); !ok) return ok.error();
    return out;
}

// What all keys below a prefix of ours begin with.
std::string store::below(const std::string& prefix) const {
    std::string out = settings_.where.prefix;
    if (!out.empty()) out += "/";
    if (!prefix.empty()) out += prefix + "/";
    return out;
}

io::task<io::result<void>> store::put_if_absent(std::string key, io::bytes data, io::object_attributes attributes) {
    auto name = whole(key);
    if (!name) co_return name.error();
    if (data.empty()) co_return io::error{io::errc::invalid, io::subject::store, key + ": an object in an S3 store cannot be empty"};
    co_return co_await create_object(requests_, *name, std::move(data), about(attributes), !settings_.unsafe_no_conditional_put);
}

io::task<io::result<void>> store::put(std::string key, io::bytes data, io::object_attributes attributes) {
    auto name = whole(key);
    if (!name) co_return name.error();
    if (data.empty()) co_return io::error{io::errc::invalid, io::subject::store, key + ": an object in an S3 store cannot be empty"};
    call write{operation::put_object, *name, put_object(requests_.where(), *name, std::move(data), about(attributes), {}), write_condition::kind::always};
    auto answer = co_await requests_.send(std::move(write));
    if (!answer) co_return answer.error();
    co_return io::result<void>();
}

std::uint64_t store::writer_bytes() const { return most_held; }

io::task<io::result<std::unique_ptr<io::object_writer>>> store::open_writer(std::string key, io::object_attributes attributes) {
    auto name = whole(key);
    if (!name) co_return name.error();
    while (!abandoned_->empty()) {
        const upload_marker left = abandoned_->back();
        abandoned_->pop_back();
        co_await claims_.abort(left.key, left.upload_id);
    }
    std::unique_ptr<io::object_writer> out =
        std::make_unique<multipart_writer>(env_, requests_, *name, about(attributes), !settings_.unsafe_no_conditional_put,
                                           attributes.memory_bytes, abandoned_);
    co_return std::move(out);
}

io::task<io::result<io::object_info>> store::head(std::string key) {
    auto name = whole(key);
    if (!name) co_return name.error();
    auto there = co_await claims_.look(*name);
    if (!there) co_return there.error();
    if (*there && (*there)->is_claim() && how_ == access::write && !(*there)->claimed_by.empty()) {
        auto finished = co_await claims_.finish(*name, (*there)->claimed_by);
        if (!finished) co_return finished.error();
        there = co_await claims_.look(*name);
        if (!there) co_return there.error();
    }
    if (!*there || (*there)->is_claim()) co_return io::error{io::errc::not_found, io::subject::store, url() + ": there is no object " + key};
    const object_head& found = (*there)->head;
    co_return io::object_info{std::move(key), found.size, time_of(found)};
}

io::task<io::result<io::bytes>> store::get(std::string key, std::uint64_t offset, std::uint64_t length) {
    auto name = whole(key);
    if (!name) co_return name.error();
    if (length > most_length) co_return io::error{io::errc::invalid, io::subject::store, fmt::format("{}: {} bytes in one get", key, length)};
    if (length == 0 || offset + length < offset) {
        auto there = co_await head(key);
        if (!there) co_return there.error();
        co_return io::bytes();
    }
    partial_get got{requests_.where(), *name, offset, length, {}, {}};
    call request = make_call(operation::get_object, *name, got.rest());
    request.most_body = std::max<std::uint64_t>(length, 64U << 10U);  // of an error's text, too
    request.expected_body = length;
    request.on_broken = [&got](http_request& next, const http_response& so_far) {
        // One byte stays to be asked for: what is left must be a range.
        if (got.take(so_far, got.length - got.data.size() - 1)) next = got.rest();
    };
    auto answer = co_await requests_.send(std::move(request));
    if (!answer && answer.error().code == io::errc::out_of_range) co_return std::move(got.data);
    if (!answer) co_return answer.error();
    auto extent = read_extent(answer->head, offset + got.data.size(), length - got.data.size());
    if (extent && extent->length != answer->body.size()) extent = io::error{io::errc::io_failure, io::subject::store, "the body's length is not what was announced"};
    if (!extent) co_return extent.error().within(key);
    if (got.data.empty()) co_return std::move(answer->body);
    io::append(got.data, answer->body);
    co_return std::move(got.data);
}

io::task<io::result<list_cursor>> store::list_below(std::string prefix) {
    if (!prefix.empty()) {
        auto name = whole(prefix);
        if (!name) co_return name.error();
    }
    list_cursor cursor(below(prefix), "/", most_objects);
    while (!cursor.done()) {
        auto answer = co_await requests_.send(make_call(operation::list_objects, "", list_objects(requests_.where(), cursor.next())));
        if (!answer) co_return answer.error();
        auto page = read_list_page(answer->body);
        if (!page) co_return page.error().within("list " + prefix);
        auto taken = cursor.take(std::move(*page));
        if (!taken) co_return taken.error();
    }
    co_return cursor;
}

io::task<io::result<std::vector<io::object_info>>> store::list(std::string prefix) {
    if (auto ok = io::check_key(prefix); !ok) co_return ok.error();
    auto found = co_await list_below(prefix);
    if (!found) co_return found.error();
    const std::size_t own = settings_.where.prefix.empty() ? 0 : settings_.where.prefix.size() + 1;
    std::vector<io::object_info> out;
    for (auto& object : found->objects()) {
        if (object.size != 0) out.push_back({object.key.substr(own), object.size, object.last_modified_ms});
    }
    co_return out;
}

io::task<io::result<std::vector<std::string>>> store::children(std::string prefix) {
    auto found = co_await list_below(prefix);
    if (!found) co_return found.error();
    const std::size_t own = below(prefix).size();
    std::vector<std::string> out;
    for (const auto& each : found->prefixes()) {
        std::string part = each.substr(own, each.size() - own - 1);
        if (!part.empty() && !part.starts_with(own_names)) out.push_back(std::move(part));
    }
    co_return out;
}

io::task<io::result<void>> store::remove(std::string key) {
    auto name = whole(key);
    if (!name) co_return name.error();
    auto answer = co_await requests_.send(make_call(operation::remove_object, *name, remove_object(requests_.where(), *name)));
    if (!answer && answer.error().code != io::errc::not_found) co_return answer.error();
    co_return io::result<void>();
}

io::task<io::result<void>> store::remove_all(std::vector<std::string> keys) {
    for (std::size_t at = 0; at < keys.size();) {
        std::vector<std::string> batch;
        for (; at < keys.size() && batch.size() < most_keys_at_once; ++at) {
            auto name = whole(keys[at]);
            if (!name) co_return name.error();
            if (fits_xml(*name)) {
                batch.push_back(std::move(*name));
                continue;
            }
            auto removed = co_await remove(keys[at]);
            if (!removed) co_return removed;
        }
        if (batch.empty()) continue;
        auto answer = co_await requests_.send(make_call(operation::remove_objects, "", remove_objects(requests_.where(), batch)));
        if (!answer) co_return answer.error();
        auto failures = read_removed(answer->body);
        if (!failures) co_return failures.error().within("remove objects");
        if (!failures->empty()) {
            const auto& first = failures->front();
            co_return io::error{io::errc::io_failure, io::subject::store,
                                fmt::format("{} of {} objects are not removed, the first is {}: {} {}", failures->size(), batch.size(), first.key, first.code, first.message)};
        }
    }
    co_return io::result<void>();
}

}  // namespace s3
