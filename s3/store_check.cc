#include "s3/store_check.h"

#include <fmt/format.h>

#include <algorithm>

#include "io/task_group.h"
#include "s3/list_cursor.h"

namespace s3 {

namespace {

constexpr std::uint64_t most_body = 16U << 20U;
constexpr int racers = 20;
constexpr int race_rounds = 10;

io::error seen(std::string what) { return {io::errc::unsupported, io::subject::store, std::move(what)}; }

const write_condition absent{write_condition::kind::if_absent, {}};

std::string root_of(const store_url& where, io::random& dice) {
    return fmt::format("{}{}.flotilla-check-{:016x}/", where.prefix, where.prefix.empty() ? "" : "/", dice.next());
}

}  // namespace

struct store_check::step {
    const char* name;
    bool needed;
    io::task<finding> (store_check::*run)();
};

store_check::store_check(const io::environment& env, io::network& net, credentials_source& keys, store_url where, client_settings settings)
    : env_(env), net_(net), keys_(keys), where_(where), settings_(settings), requests_(env, net, keys, std::move(where), settings), root_(root_of(where_, env.dice)) {}

io::task<io::result<bool>> store_check::run(std::function<void(const check_result&)> report) {
    static constexpr step steps[] = {
        {"put, get, head, metadata", true, &store_check::put_and_get},
        {"empty objects", true, &store_check::empty_objects},
        {"ranges", true, &store_check::ranges},
        {"missing objects are told", true, &store_check::missing_objects},
        {"create if absent", true, &store_check::create_if_absent},
        {"create if absent, races", true, &store_check::create_if_absent_race},
        {"keys that need encoding", true, &store_check::odd_keys},
        {"listing: pages, order, prefixes", true, &store_check::pages},
        {"removal", true, &store_check::removal},
        {"multipart upload", true, &store_check::multipart},
        {"multipart abort, leftovers", true, &store_check::multipart_abort},
        {"removal of many at once", false, &store_check::batch_removal},
        {"replace if unchanged", false, &store_check::replace_if_match},
        {"condition on completion", false, &store_check::condition_on_completion},
        {"a wrong secret is refused", false, &store_check::wrong_secret},
    };
    list_query one;
    one.max_keys = 1;
    auto reached = co_await list(one);
    if (!reached) co_return reached.error();
    bool good = true;
    for (const step& each : steps) {
        const finding found = co_await (this->*each.run)();
        report({each.name, each.needed, found.has_value(), found ? *found : found.error().context});
        good = good && (found || !each.needed);
    }
    co_await clear();
    co_return good;
}

io::task<io::result<void>> store_check::put(std::string key, io::bytes data, write_condition condition) {
    call made{operation::put_object, key, {}, condition.when};
    made.request = put_object(where_, key, std::move(data), {{"litestream-timestamp", "2026-11-23T08:00:00.123000000Z"}}, condition);
    auto answer = co_await requests_.send(std::move(made));
    if (!answer) co_return answer.error();
    co_return io::result<void>();
}

io::task<io::result<io::bytes>> store_check::get(std::string key, std::uint64_t offset, std::optional<std::uint64_t> length) {
    call made = make_call(operation::get_object, key, get_object(where_, key, offset, length, ""));
    made.most_body = most_body;
    auto answer = co_await requests_.send(std::move(made));
    if (!answer) co_return answer.error();
    auto extent = read_extent(answer->head, offset, length);
    if (!extent) co_return extent.error();
    co_return std::move(answer->body);
}

io::task<io::result<list_page>> store_check::list(list_query query) {
    auto answer = co_await requests_.send(make_call(operation::list_objects, "", list_objects(where_, query)));
    if (!answer) co_return answer.error();
    co_return read_list_page(answer->body);
}

io::bytes store_check::some_bytes(std::size_t size) {
    io::bytes out(size);
    for (auto& byte : out) byte = static_cast<std::uint8_t>(env_.dice.next());
    return out;
}

io::task<store_check::finding> store_check::put_and_get() {
    const std::string name = key("object");
    const io::bytes data = some_bytes(4096);
    auto made = co_await put(name, data);
    if (!made) co_return made.error();
    auto back = co_await get(name, 0, std::nullopt);
    if (!back) co_return back.error();
    if (*back != data) co_return seen("other bytes came back");
    auto answer = co_await requests_.send(make_call(operation::head_object, name, head_object(where_, name)));
    if (!answer) co_return answer.error();
    auto head = read_object_head(answer->head);
    if (!head) co_return head.error();
    if (head->size != data.size()) co_return seen(fmt::format("HEAD says {} bytes instead of {}", head->size, data.size()));
    const auto* time = find_header(head->about, "litestream-timestamp");
    if (time == nullptr || *time != "2026-11-23T08:00:00.123000000Z") co_return seen("user metadata is lost");
    co_return head->etag.empty() ? "no ETag" : "";
}

io::task<store_check::finding> store_check::empty_objects() {
    auto made = co_await put(key("empty"), {});
    if (!made) co_return made.error();
    auto back = co_await get(key("empty"), 0, std::nullopt);
    if (!back) co_return back.error();
    co_return back->empty() ? finding("") : finding(seen("it is not empty when it comes back"));
}

io::task<store_check::finding> store_check::ranges() {
    const std::string name = key("ranges");
    const io::bytes data = some_bytes(1000);
    auto made = co_await put(name, data);
    if (!made) co_return made.error();
    struct row {
        std::uint64_t offset, length;
    };
    for (const row r : {row{0, 1}, row{100, 200}, row{999, 1}, row{990, 500}, row{0, 1000}}) {
        auto back = co_await get(name, r.offset, r.length);
        if (!back) co_return back.error();
        const auto expected = io::byte_view(data).subspan(r.offset, std::min<std::size_t>(r.length, data.size() - r.offset));
        if (!std::ranges::equal(*back, expected)) co_return seen(fmt::format("other bytes came back for {} from {}", r.length, r.offset));
    }
    auto beyond = co_await get(name, 1000, 10);
    if (beyond || beyond.error().code != io::errc::out_of_range) co_return seen("a range behind the end is not refused by 416");
    co_return "";
}

io::task<store_check::finding> store_check::missing_objects() {
    const std::string name = key("missing");
    auto got = co_await get(name, 0, std::nullopt);
    if (got || got.error().code != io::errc::not_found) co_return seen("GET: " + (got ? "an object" : got.error().context));
    auto head = co_await requests_.send(make_call(operation::head_object, name, head_object(where_, name)));
    if (head || head.error().code != io::errc::not_found) co_return seen("HEAD: " + (head ? "an object" : head.error().context));
    co_return "";
}

io::task<store_check::finding> store_check::create_if_absent() {
    const std::string name = key("once");
    auto first = co_await put(name, {'1'}, absent);
    if (!first) co_return first.error();
    auto second = co_await put(name, {'2'}, absent);
    if (second) co_return seen("If-None-Match: * is ignored: the second put has replaced the first");
    if (second.error().code != io::errc::already_exists) co_return second.error();
    auto back = co_await get(name, 0, std::nullopt);
    if (!back) co_return back.error();
    co_return *back == io::bytes{'1'} ? finding("") : finding(seen("the second put was refused and has replaced the first all the same"));
}

io::task<store_check::finding> store_check::create_if_absent_race() {
    int unknown = 0;
    for (int round = 0; round < race_rounds; ++round) {
        const std::string name = key(fmt::format("race/{}", round));
        std::vector<int> winners, unsure;
        const auto racer = [&](int id) -> io::task<void> {
            const io::bytes data(64 + static_cast<std::size_t>(id), static_cast<std::uint8_t>(id));
            auto made = co_await put(name, data, absent);
            if (made) winners.push_back(id);
            else if (made.error().code != io::errc::already_exists) unsure.push_back(id);
        };
        io::task_group group(env_.time, env_.on);
        for (int id = 0; id < racers; ++id) group.spawn(racer(id));
        co_await group.join();
        auto back = co_await get(name, 0, std::nullopt);
        if (!back) co_return back.error();
        const int stored = back->empty() ? -1 : static_cast<int>(back->front());
        if (winners.size() > 1) co_return seen(fmt::format("{} of {} writers of one key were told that they created it", winners.size(), racers));
        if (winners.size() == 1 && winners.front() != stored) co_return seen("what is stored is not what the winner wrote");
        if (winners.empty() && std::ranges::find(unsure, stored) == unsure.end()) co_return seen("what is stored is of nobody who may have written it");
        unknown += static_cast<int>(unsure.size());
    }
    co_return fmt::format("{} rounds of {} writers{}", race_rounds, racers, unknown == 0 ? "" : fmt::format(", {} outcomes unknown", unknown));
}

io::task<store_check::finding> store_check::odd_keys() {
    const std::string names[] = {"a b", "a+b", "a%20b", "a&b=c?d#e", "a:b@c,d;e!f*g'h(i)", "\xc3\xa9\xe1\x88\xb4", "\xf0\x9f\x9a\xa2", "a~b_c-d.e", "\"<>\\^`{|}"};
    std::vector<std::string> expected;
    for (const auto& name : names) {
        auto made = co_await put(key("odd/" + name), io::bytes(name.begin(), name.end()));
        if (!made) co_return made.error();
        auto back = co_await get(key("odd/" + name), 0, std::nullopt);
        if (!back) co_return back.error();
        if (io::text_of(*back) != name) co_return seen("another object answers to " + name);
        expected.push_back(key("odd/" + name));
    }
    list_query query;
    query.prefix = key("odd/");
    auto page = co_await list(query);
    if (!page) co_return page.error();
    std::ranges::sort(expected);
    if (!std::ranges::equal(page->objects, expected, {}, &listed_object::key)) co_return seen("the listing has other keys, or another order");
    co_return "";
}

io::task<store_check::finding> store_check::pages() {
    for (const char* name : {"d", "a", "c", "e", "b", "sub/1", "sub/2", "zub/1"}) {
        auto made = co_await put(key("list/" + std::string(name)), {'x'});
        if (!made) co_return made.error();
    }
    list_cursor cursor(key("list/"), "/", 100);
    int pages = 0;
    while (!cursor.done()) {
        list_query query = cursor.next();
        query.max_keys = 2;
        auto page = co_await list(query);
        if (!page) co_return page.error();
        auto taken = cursor.take(*std::move(page));
        if (!taken) co_return taken.error();
        if (++pages > 20) co_return seen("the pages do not end");
    }
    std::string all;
    for (const auto& object : cursor.objects()) all += object.key.substr(key("list/").size()) + " ";
    for (const auto& prefix : cursor.prefixes()) all += prefix.substr(key("list/").size()) + " ";
    if (all != "a b c d e sub/ zub/ ") co_return seen("listed: " + all);
    co_return pages == 1 ? "max-keys is ignored" : "";
}

io::task<store_check::finding> store_check::removal() {
    const std::string name = key("object");
    for (int i = 0; i < 2; ++i) {
        auto removed = co_await requests_.send(make_call(operation::remove_object, name, remove_object(where_, name)));
        if (!removed && (i == 0 || removed.error().code != io::errc::not_found)) co_return removed.error();
    }
    auto left = co_await get(name, 0, std::nullopt);
    if (left || left.error().code != io::errc::not_found) co_return seen("it can still be read");
    list_query query;
    query.prefix = name;
    auto page = co_await list(query);
    if (!page) co_return page.error();
    co_return page->objects.empty() ? finding("") : finding(seen("it is still listed"));
}

}  // namespace s3
