// The simulated server, judged with the real client: s3::store over the simulated network.
#include "tests/sim/s3_server.h"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <map>
#include <optional>
#include <set>

#include "io/task_group.h"
#include "s3/sigv4.h"
#include "s3/store.h"
#include "tests/sim/s3_keys.h"

namespace {

using namespace std::chrono_literals;
using io::errc;

struct shop {
    explicit shop(std::uint64_t seed) : all(seed), machine(all.add_host("a")), who(all.start(machine, "client")), truth(all), net(all), server(truth, net) {}

    template <class T>
    T run(io::task<T> work) { return run_as(who, std::move(work)); }
    template <class T>
    T run_as(sim::process& as, io::task<T> work) {
        std::optional<T> out;
        const auto keep = [&out](io::task<T> inner) -> io::task<void> { out.emplace(co_await std::move(inner)); };
        all.run(as, keep(std::move(work)), 24h);
        return std::move(*out);
    }
    s3::store_settings settings() const {
        s3::store_settings out;
        out.where = sim::s3_server::where();
        out.requests.deadline = 60s;
        return out;
    }
    io::result<std::unique_ptr<s3::store>> open(s3::store::access how = s3::store::access::write) {
        return run(s3::store::open(who.env, net.of(who), keys, settings(), how));
    }
    void pass(io::duration time) {
        const io::instant until = all.loop.now() + time;
        all.loop.at(until, sim::the_world, [] {});
        all.run([&] { return all.loop.now() >= until; }, 24h);
    }
    // An HTTP exchange below the store's level: whatever the request says.
    s3::http_response send(s3::http_request request) {
        const auto exchange = [&]() -> io::task<s3::http_response> {
            auto stream = co_await net.of(who).connect({"s3.sim", 9000, std::nullopt}, all.loop.now() + 10s);
            s3::http_connection connection(std::move(*stream));
            s3::http_response answer;
            (void)co_await connection.exchange(request, answer, {{30s, io::instant::max()}, 1U << 20U});
            co_return answer;
        };
        return run(exchange());
    }
    s3::http_request signed_request(s3::http_request request) {
        s3::signer("sim-1").sign(request, sim::s3_server::keys(), who.time.wall_ms(), s3::payload_signing::hashed);
        return request;
    }

    sim::world all;
    sim::host& machine;
    sim::process& who;
    sim::store_server truth;
    sim::network net;
    sim::s3_server server;
    sim::s3_keys keys;
};

io::bytes bytes_of(const std::string& text) { return {text.begin(), text.end()}; }

io::bytes large(std::uint64_t seed, std::size_t size) {
    io::bytes out(size, static_cast<std::uint8_t>(seed));
    out.front() = static_cast<std::uint8_t>(seed >> 8U);
    return out;
}

TEST(s3_server, does_what_a_store_is_asked_and_blames_nobody) {
    shop s(1);
    s.server.habits.most_listed = 2;
    auto store = s.open();
    ASSERT_TRUE(store.has_value()) << store.error().context;
    for (const char* key : {"a/0000/1", "a/0000/2", "a/0000/3", "a/0000/4 +&%", "a/0009/1", "a/x", "b/0000/1"}) {
        ASSERT_TRUE(s.run((*store)->put_if_absent(key, bytes_of("0123456789"), {1'767'225'600'123})).has_value());
    }
    EXPECT_EQ(s.run((*store)->put_if_absent("a/x", bytes_of("y"), {})).error().code, errc::already_exists);
    const auto listed = s.run((*store)->list("a/0000"));
    ASSERT_EQ(listed->size(), 4U);
    EXPECT_EQ((*listed)[3].key, "a/0000/4 +&%");
    EXPECT_EQ(*s.run((*store)->children("")), (std::vector<std::string>{"a", "b"}));
    EXPECT_EQ(*s.run((*store)->children("a")), (std::vector<std::string>{"0000", "0009"}));
    EXPECT_EQ(*s.run((*store)->get("a/x", 8, 100)), bytes_of("89"));
    EXPECT_EQ(s.run((*store)->get("a/y", 0, 1)).error().code, errc::not_found);
    EXPECT_EQ(s.run((*store)->head("a/x"))->timestamp_ms, 1'767'225'600'123);
    EXPECT_TRUE(s.run((*store)->put("a/x", bytes_of("new"), {})).has_value());
    EXPECT_EQ(s.run((*store)->head("a/x"))->size, 3U);
    EXPECT_TRUE(s.run((*store)->remove("a/x")).has_value());
    EXPECT_TRUE(s.run((*store)->remove_all({"a/0000/1", "a/0009/1", "none"})).has_value());
    EXPECT_FALSE(s.truth.has("a/x") || s.truth.has("a/0000/1") || s.truth.has("a/0009/1"));
    EXPECT_EQ(s.server.offence(), "");
}

TEST(s3_server, an_upload_in_parts_is_what_was_written) {
    shop s(2);
    s.net.habits().bytes_per_ms = 1'000'000;
    auto store = s.open();
    const io::bytes data = large(77, 20U << 20U);
    const auto write = [&]() -> io::task<io::result<void>> {
        auto writer = co_await (*store)->open_writer("a/big", {5});
        if (!writer) co_return writer.error();
        for (std::size_t at = 0; at < data.size(); at += 1U << 20U) {
            const io::byte_view part = io::byte_view(data).subspan(at, 1U << 20U);
            auto ok = co_await (*writer)->write({part.begin(), part.end()});
            if (!ok) co_return ok;
        }
        co_return co_await (*writer)->commit();
    };
    const auto done = s.run(write());
    ASSERT_TRUE(done.has_value()) << done.error().context;
    EXPECT_TRUE(s.truth.objects.at("a/big").data == data);
    EXPECT_EQ(s.truth.objects.at("a/big").parts, 3U);
    EXPECT_EQ(s.server.bucket.uploads(), 0U);
    EXPECT_EQ(s.run(write()).error().code, errc::already_exists);
    EXPECT_EQ(s.server.offence(), "");
}

TEST(s3_server, is_stricter_than_the_real_thing) {
    shop s(3);
    const s3::store_url in = sim::s3_server::where();
    const auto code_of = [&](const s3::http_request& request) {
        const s3::http_response answer = s.send(request);
        const std::string text(io::text_of(answer.body));
        const std::size_t begin = text.find("<Code>");
        return begin == std::string::npos ? std::to_string(answer.head.status) : text.substr(begin + 6, text.find("</Code>") - begin - 6);
    };
    const s3::http_request good = s.signed_request(put_object(in, "k", bytes_of("x"), {{"a", "b"}}, {}));
    EXPECT_EQ(code_of(good), "200");
    EXPECT_EQ(s.server.offence(), "");
    const auto changed = [&](auto change) {
        s3::http_request out = good;
        change(out);
        return out;
    };
    EXPECT_EQ(code_of(changed([](auto& r) { r.path = "/bucket/other"; })), "SignatureDoesNotMatch");
    EXPECT_EQ(code_of(changed([](auto& r) { r.body = bytes_of("y"); })), "XAmzContentSHA256Mismatch");
    EXPECT_EQ(code_of(changed([](auto& r) { r.headers.push_back({"x-amz-meta-late", "1"}); })), "AccessDenied");
    EXPECT_EQ(code_of(changed([](auto& r) { r.headers.push_back({"x-unheard-of", "1"}); })), "InvalidArgument");
    EXPECT_EQ(code_of(changed([](auto& r) { s3::set_header(r.headers, "x-amz-meta-a", "c"); })), "SignatureDoesNotMatch");
    EXPECT_EQ(code_of(changed([](auto& r) { s3::erase_header(r.headers, "authorization"); })), "AccessDenied");
    s3::http_request odd = put_object(in, "k", bytes_of("x"), {}, {});
    odd.query = "acl=";
    EXPECT_EQ(code_of(s.signed_request(odd)), "InvalidArgument");
    EXPECT_EQ(code_of(s.signed_request(put_object(in, "k", bytes_of("x"), {}, {s3::write_condition::kind::if_match, "\"1\""}))), "NotImplemented");
    EXPECT_NE(s.server.offence(), "");
    s.machine.clocks.offset_ms = 16 * 60 * 1000;
    EXPECT_EQ(code_of(s.signed_request(get_object(in, "k", 0, std::nullopt, ""))), "RequestTimeTooSkewed");
}

TEST(s3_server, parts_have_an_order_and_a_size) {
    shop s(4);
    const s3::store_url in = sim::s3_server::where();
    const auto begun = s.send(s.signed_request(create_upload(in, "k", {})));
    const std::string id = *s3::read_created_upload(begun.body);
    const auto etag_of = [&](unsigned number, std::size_t size) {
        return *s.send(s.signed_request(upload_part(in, "k", id, number, io::bytes(size)))).head.find("etag");
    };
    const std::string one = etag_of(1, 6U << 20U), two = etag_of(2, 1000), three = etag_of(3, 1000);
    const auto complete = [&](std::vector<s3::uploaded_part> parts) { return s.send(s.signed_request(complete_upload(in, "k", id, parts, {}))).head.status; };
    EXPECT_EQ(complete({{2, two}, {1, one}}), 400U);
    EXPECT_EQ(complete({{1, one}, {2, two}, {3, three}}), 400U);
    EXPECT_EQ(complete({{1, one}, {2, three}}), 400U);
    EXPECT_EQ(complete({{1, one}, {3, three}}), 200U);
    EXPECT_EQ(complete({{1, one}, {3, three}}), 404U);
    EXPECT_EQ(s.truth.objects.at("k").data.size(), (6U << 20U) + 1000);
}

// The client learns the server's time and goes on.
TEST(s3_server, a_clock_that_is_off_is_no_obstacle) {
    shop s(5);
    s.machine.clocks.offset_ms = -3 * 3600 * 1000;
    auto store = s.open();
    ASSERT_TRUE(store.has_value()) << store.error().context;
    EXPECT_TRUE(s.run((*store)->put_if_absent("a/1", bytes_of("x"), {})).has_value());
    s.machine.clocks.offset_ms = 3 * 3600 * 1000;
    EXPECT_TRUE(s.run((*store)->put_if_absent("a/2", bytes_of("x"), {})).has_value());
    EXPECT_EQ(s.server.offence(), "");
}

// Whatever the server says and the network does, what the client says of the store is true.
TEST(s3_server, every_fault_happens_and_the_client_never_lies) {
    using fault = sim::store_fault;
    std::map<errc, int> seen;
    for (int which = static_cast<int>(fault::request_timeout); which <= static_cast<int>(fault::truncated); ++which) {
        if (!can_happen(static_cast<fault>(which), sim::request_kind::create)) continue;  // of uploads: below
        shop s(static_cast<std::uint64_t>(100 + which));
        auto settings = s.settings();
        settings.requests.deadline = 5s;
        auto store = s.run(s3::store::open(s.who.env, s.net.of(s.who), s.keys, settings, s3::store::access::write));
        ASSERT_TRUE(store.has_value());
        s.truth.habits.faults = {{static_cast<fault>(which), 400'000, {}}};
        for (int i = 0; i < 30; ++i) {
            const std::string key = "k/" + std::to_string(i);
            const auto put = s.run((*store)->put_if_absent(key, bytes_of(key), {}));
            if (put) EXPECT_TRUE(s.truth.has(key)) << which;
            else ++seen[put.error().code];
            if (!put && put.error().code != errc::outcome_unknown) EXPECT_FALSE(s.truth.has(key)) << which << ": " << put.error().context;
            const auto got = s.run((*store)->get(key, 0, 100));
            if (got) EXPECT_EQ(*got, bytes_of(key));
            else if (got.error().code == errc::not_found) EXPECT_FALSE(s.truth.has(key)) << which;
            const auto listed = s.run((*store)->list("k"));
            if (listed) EXPECT_EQ(listed->size(), s.truth.objects.size() - 1) << which;  // the probe is not below
        }
        EXPECT_GT(s.truth.failed, 0U) << which;
        EXPECT_EQ(s.server.offence(), "");
    }
    for (const errc each : {errc::outcome_unknown, errc::access_denied, errc::unsupported, errc::invalid, errc::already_exists}) EXPECT_GT(seen[each], 0) << io::name(each);
}

io::task<void> write_large(shop& s, sim::process& writer, std::uint64_t number, int& won) {
    auto store = co_await s3::store::open(writer.env, s.net.of(writer), s.keys, s.settings(), s3::store::access::write);
    if (!store) co_return;
    auto part = co_await (*store)->open_writer("a/big", {});
    if (!part) co_return;
    auto ok = co_await (*part)->write(large(number, 9U << 20U));
    if (ok) ok = co_await (*part)->commit();
    won += ok.has_value();
}

// Of several hosts that write large objects of one name, killed in between, one wins whole; what its successors find is finished or gone.
TEST(s3_server, uploads_of_one_key_by_writers_that_die) {
    for (std::uint64_t seed = 1; seed <= 8; ++seed) {
        shop s(seed);
        s.net.habits().bytes_per_ms = 100'000;
        s.truth.habits.reply_lost = s.truth.habits.rejected = 50'000;
        s.truth.habits.faults = {{sim::store_fault::error_in_200, 500'000, {}}};
        s.net.habits().reset = 20'000;
        int won = 0;
        std::vector<sim::process*> writers;
        for (std::uint64_t i = 1; i <= 3; ++i) {
            sim::process& writer = s.all.start(s.all.add_host("w" + std::to_string(i)), "writer");
            writers.push_back(&writer);
            boost::asio::co_spawn(writer.env.on, write_large(s, writer, i, won), [](std::exception_ptr thrown) { if (thrown) std::rethrow_exception(thrown); });
        }
        s.pass(200ms + std::chrono::milliseconds(seed * 60));
        s.all.kill(*writers[seed % 3]);
        s.pass(10min);
        EXPECT_LE(won, 1) << seed;
        s.truth.habits = {};
        s.net.habits() = {};
        auto store = s.open();
        ASSERT_TRUE(store.has_value()) << store.error().context;
        const auto head = s.run((*store)->head("a/big"));
        if (won == 1) ASSERT_TRUE(head.has_value()) << seed;
        if (head) {
            const io::bytes& there = s.truth.objects.at("a/big").data;
            ASSERT_EQ(there.size(), 9U << 20U);
            EXPECT_TRUE(there == large(there[1], there.size())) << seed;
        } else {
            EXPECT_FALSE(s.truth.has("a/big")) << seed;
        }
        EXPECT_EQ(s.server.offence(), "");
    }
}

TEST(s3_server, slows_down_who_asks_too_often) {
    shop s(6);
    auto store = s.open();
    s.truth.habits.most_per_second = 5;
    const io::instant begun = s.all.loop.now();
    for (int i = 0; i < 40; ++i) ASSERT_TRUE(s.run((*store)->put_if_absent("k/" + std::to_string(i), bytes_of("x"), {})).has_value());
    EXPECT_GE(s.all.loop.now() - begun, 6s);
}

TEST(s3_server, a_listing_lags_only_where_it_is_told_to) {
    shop s(7);
    auto store = s.open();
    s.truth.habits.listing_lag = 4;
    std::set<std::size_t> lengths;
    for (std::size_t i = 1; i <= 20; ++i) {
        ASSERT_TRUE(s.run((*store)->put_if_absent("k/" + std::to_string(i), bytes_of("x"), {})).has_value());
        lengths.insert(i - s.run((*store)->list("k"))->size());
    }
    EXPECT_GT(lengths.size(), 1U);
    s.truth.habits.listing_lag = 0;
    EXPECT_EQ(s.run((*store)->list("k"))->size(), 20U);
}

}  // namespace
