#include "tests/sim/store.h"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <map>
#include <optional>

#include "io/task_group.h"

namespace {

using namespace std::chrono_literals;

struct shop {
    explicit shop(std::uint64_t seed) : all(seed), machine(all.add_host("a")), who(all.start(machine, "client")), server(all), store(server, who) {}
    template <class T>
    T run(io::task<T> work) {
        std::optional<T> out;
        const auto keep = [&out](io::task<T> inner) -> io::task<void> { out.emplace(co_await std::move(inner)); };
        all.run(who, keep(std::move(work)), 1h);
        return std::move(*out);
    }

    sim::world all;
    sim::host& machine;
    sim::process& who;
    sim::store_server server;
    sim::store store;
};

io::bytes bytes_of(const std::string& text) { return {text.begin(), text.end()}; }

TEST(store, of_several_writers_of_one_key_exactly_one_succeeds) {
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        shop s(seed);
        int made = 0, refused = 0;
        const auto put = [&](std::string text) -> io::task<void> {
            auto ok = co_await s.store.put_if_absent("a/1", bytes_of(text), {});
            if (ok) ++made;
            else if (ok.error().code == io::errc::already_exists) ++refused;
        };
        io::task_group group(s.who.time, s.who.env.on);
        const auto both = [&]() -> io::task<void> {
            for (int i = 0; i < 5; ++i) group.spawn(put(std::string(1, static_cast<char>('a' + i))));
            co_await group.join();
        };
        s.all.run(s.who, both(), 1min);
        EXPECT_EQ(made, 1);
        EXPECT_EQ(refused, 4);
    }
}

TEST(store, listings_are_complete_and_ranges_end_with_the_object) {
    shop s(1);
    for (const char* key : {"a/0000/1", "a/0000/2", "a/0009/1", "a/x", "b/0000/1"}) ASSERT_TRUE(s.run(s.store.put_if_absent(key, bytes_of("0123456789"), {7})).has_value());
    const auto listed = s.run(s.store.list("a/0000"));
    ASSERT_EQ(listed->size(), 2U);
    EXPECT_EQ((*listed)[1].key, "a/0000/2");
    EXPECT_EQ((*listed)[1].timestamp_ms, 7);
    EXPECT_EQ(*s.run(s.store.children("")), (std::vector<std::string>{"a", "b"}));
    EXPECT_EQ(*s.run(s.store.children("a")), (std::vector<std::string>{"0000", "0009"}));
    EXPECT_EQ(*s.run(s.store.get("a/x", 8, 100)), bytes_of("89"));
    EXPECT_EQ(s.run(s.store.get("a/y", 0, 1)).error().code, io::errc::not_found);
    EXPECT_TRUE(s.run(s.store.put("a/x", bytes_of("new"), {})).has_value());
    EXPECT_EQ(s.run(s.store.head("a/x"))->size, 3U);
    EXPECT_TRUE(s.run(s.store.remove("a/x")).has_value());
    EXPECT_FALSE(s.server.has("a/x"));
}

// An error never says anything about what is in the store unless it is known.
TEST(store, every_fault_happens_and_none_lies) {
    shop s(3);
    s.server.habits.rejected = s.server.habits.reply_lost = s.server.habits.stalled = 150'000;
    std::map<io::errc, int> seen;
    int unknown_and_there = 0, unknown_and_not = 0;
    for (int i = 0; i < 200; ++i) {
        const std::string key = "k/" + std::to_string(i);
        auto put = s.run(s.store.put_if_absent(key, bytes_of("x"), {}));
        if (put) EXPECT_TRUE(s.server.has(key));
        else ++seen[put.error().code];
        if (!put && put.error().code != io::errc::outcome_unknown) EXPECT_FALSE(s.server.has(key));
        if (!put && put.error().code == io::errc::outcome_unknown) ++(s.server.has(key) ? unknown_and_there : unknown_and_not);
    }
    EXPECT_GT(seen[io::errc::io_failure], 0);
    EXPECT_GT(seen[io::errc::timed_out], 0);
    EXPECT_GT(unknown_and_there, 0);
    EXPECT_GT(unknown_and_not, 0);
}

TEST(store, each_fault_of_a_server_is_an_error_that_tells_the_truth) {
    using fault = sim::store_fault;
    std::map<io::errc, int> seen;
    for (int which = static_cast<int>(fault::request_timeout); which <= static_cast<int>(fault::truncated); ++which) {
        shop s(static_cast<std::uint64_t>(which));
        s.server.habits.faults = {{static_cast<fault>(which), 500'000, {}}};
        if (!can_happen(static_cast<fault>(which), sim::request_kind::create)) continue;
        for (int i = 0; i < 20; ++i) {
            const std::string key = "k/" + std::to_string(i);
            const auto put = s.run(s.store.put_if_absent(key, bytes_of("x"), {}));
            if (put) EXPECT_TRUE(s.server.has(key)) << which;
            else ++seen[put.error().code];
            if (!put && put.error().code != io::errc::outcome_unknown) EXPECT_FALSE(s.server.has(key)) << which;
            const auto got = s.run(s.store.get(key, 0, 10));
            if (got) EXPECT_EQ(*got, bytes_of("x")) << which;
            else if (got.error().code == io::errc::not_found) EXPECT_FALSE(s.server.has(key)) << which;
        }
        EXPECT_GT(s.server.failed, 0U) << which;
    }
    using io::errc;
    for (const errc each : {errc::io_failure, errc::access_denied, errc::invalid, errc::busy, errc::already_exists, errc::unsupported, errc::outcome_unknown}) {
        EXPECT_GT(seen[each], 0) << io::name(each);
    }
}

TEST(store, serves_no_more_than_so_many_requests_a_second) {
    shop s(8);
    s.server.habits.most_per_second = 3;
    int served = 0;
    for (int i = 0; i < 100; ++i) {
        const auto put = s.run(s.store.put_if_absent("k/" + std::to_string(i), bytes_of("x"), {}));
        served += put.has_value();
        if (!put) EXPECT_EQ(put.error().code, io::errc::busy);
    }
    const auto seconds = s.all.loop.now().time_since_epoch() / 1s;
    EXPECT_GT(served, 0);
    EXPECT_LE(served, 3 * (seconds + 1));
    EXPECT_LT(served, 100);
}

TEST(store, what_a_killed_process_sent_arrives_all_the_same) {
    bool arrived = false;
    for (std::uint64_t seed = 1; seed <= 5 && !arrived; ++seed) {
        shop s(seed);
        boost::asio::co_spawn(s.who.env.on, s.store.put_if_absent("a/1", bytes_of("x"), {}), [](auto&&...) {});
        s.all.run([&] { return s.all.loop.now() > io::instant(0ms) || s.all.loop.steps() > 0; }, 1min);
        s.all.kill(s.who);
        while (s.all.loop.step()) {}
        arrived = s.server.has("a/1");
    }
    EXPECT_TRUE(arrived);
}

TEST(store, a_store_that_is_down_serves_nothing_and_comes_back) {
    shop s(1);
    s.server.habits.down = true;
    EXPECT_EQ(s.run(s.store.put_if_absent("a/1", bytes_of("x"), {})).error().code, io::errc::io_failure);
    EXPECT_EQ(s.run(s.store.list("a")).error().code, io::errc::io_failure);
    s.server.habits.down = false;
    EXPECT_TRUE(s.run(s.store.put_if_absent("a/1", bytes_of("x"), {})).has_value());
}

}  // namespace
