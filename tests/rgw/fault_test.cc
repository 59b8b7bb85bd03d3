// The client behind a network and a server that fail in every way: nothing is lost, nothing is written twice, nothing hangs.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <filesystem>
#include <map>

#include "io/task_group.h"
#include "tests/rgw/bucket.h"
#include "tests/support/fault_proxy.h"

namespace {

using tests::fault;
using tests::fault_proxy;
using tests::some_bytes;
using testing::HasSubstr;

const std::vector<fault> refusing{fault::reset, fault::slow_down, fault::too_many, fault::internal_error, fault::bad_gateway, fault::request_timeout, fault::swallow};
const std::vector<fault> losing{fault::cut, fault::lose_to_500, fault::lose_to_504, fault::stall, fault::truncate, fault::trickle, fault::stale};

class rgw_fault : public tests::bucket_test {
public:
    // The faults to come, one a request; then none.
    std::vector<fault> script;
    std::unique_ptr<fault_proxy> proxy;

    rgw_fault() {
        const auto next = [this](const std::string&, const std::string&) {
            if (script.empty()) return fault::none;
            const fault now = script.front();
            script.erase(script.begin());
            return now;
        };
        proxy = make_proxy(next);
    }
    std::unique_ptr<fault_proxy> make_proxy(std::function<fault(const std::string&, const std::string&)> choose) {
        return std::make_unique<fault_proxy>(world.loop(), settings().where.at.server.port, std::move(choose));
    }
    // Little patience is for faults that are silence; a busy machine may be silent, too.
    s3::store_settings behind(const fault_proxy& one, std::chrono::milliseconds stall = std::chrono::seconds(10)) const {
        auto out = settings(one.url());
        out.requests.stall = stall;
        out.requests.deadline = std::chrono::seconds(15);
        out.requests.retry = {std::chrono::milliseconds(5), std::chrono::milliseconds(100)};
        return out;
    }
    // How many requests with this text the server has seen, once it has noted at least `expected`.
    std::ptrdiff_t requests_of(const std::string& text, std::ptrdiff_t expected) {
        const auto has_it = [&](const std::string& line) { return line.find(text) != std::string::npos; };
        for (int i = 0; i < 1000; ++i) {
            const auto lines = server.requests();
            const auto found = std::ranges::count_if(lines, has_it);
            if (found >= expected) return found;
            world.run(io::sleep_for(world.env.time, std::chrono::milliseconds(10)));
        }
        return 0;
    }
};

TEST_F(rgw_fault, what_may_be_repeated_succeeds_through_each_fault) {
    auto on = store(behind(*proxy, std::chrono::milliseconds(250)));
    const auto data = some_bytes(20'000);
    ASSERT_TRUE(world.run(store()->put_if_absent("k", data, {})));
    for (const auto& group : {refusing, losing}) {
        for (const fault each : group) {
            script = {each, each};
            auto got = world.run(on->get("k", 5, 10'000));
            ASSERT_TRUE(got) << static_cast<int>(each) << " " << got.error().context;
            EXPECT_EQ(*got, io::bytes(data.begin() + 5, data.begin() + 10'005));
            script = {each};
            auto listed = world.run(on->list("absent"));
            EXPECT_TRUE(listed) << static_cast<int>(each) << " " << listed.error().context;
            script = {each == fault::request_timeout ? fault::reset : each};  // to a HEAD it cannot be said in words
            auto head = world.run(on->head("k"));
            EXPECT_TRUE(head) << static_cast<int>(each) << " " << head.error().context;
            script = {each};
            auto removed = world.run(on->remove("absent"));
            EXPECT_TRUE(removed) << static_cast<int>(each) << " " << removed.error().context;
        }
    }
}

TEST_F(rgw_fault, a_conditional_put_is_sent_again_only_if_the_server_did_not_begin_it) {
    auto patient = store(behind(*proxy));
    auto hasty = store(behind(*proxy, std::chrono::milliseconds(250)));
    const std::map<fault, io::errc> outcomes{
        {fault::reset, io::errc::outcome_unknown},     {fault::internal_error, io::errc::outcome_unknown}, {fault::bad_gateway, io::errc::outcome_unknown},
        {fault::swallow, io::errc::outcome_unknown},   {fault::cut, io::errc::outcome_unknown},            {fault::lose_to_500, io::errc::outcome_unknown},
        {fault::lose_to_504, io::errc::outcome_unknown}, {fault::stall, io::errc::outcome_unknown},        {fault::truncate, io::errc::outcome_unknown},
    };
    for (const auto& group : {refusing, losing}) {
        for (const fault each : group) {
            const std::string key = fmt::format("k{}", static_cast<int>(each));
            script = {each};
            auto& on = each == fault::swallow || each == fault::stall ? hasty : patient;
            auto put = world.run(on->put_if_absent(key, some_bytes(100), {}));
            script.clear();
            const auto expected = outcomes.find(each);
            if (expected == outcomes.end()) {
                EXPECT_TRUE(put) << key << " " << put.error().context;
            } else {
                ASSERT_FALSE(put) << key;
                EXPECT_EQ(put.error().code, expected->second) << key << " " << put.error().context;
            }
            const std::ptrdiff_t expected_count = put || std::ranges::find(losing, each) != losing.end() ? 1 : 0;
            EXPECT_EQ(requests_of("\"PUT /" + bucket + "/p/" + key + " ", expected_count), expected_count) << key;
        }
    }
}

TEST_F(rgw_fault, a_kept_connection_that_died_is_replaced_at_once) {
    auto with = behind(*proxy);
    with.requests.retry = {std::chrono::hours(1), std::chrono::hours(1)};  // a pause would be noticed
    auto on = store(with);
    ASSERT_TRUE(world.run(on->put_if_absent("k", some_bytes(10), {})));
    script = {fault::stale};
    ASSERT_TRUE(world.run(on->get("k", 0, 10)));
    auto got = world.run(on->get("k", 0, 10));
    EXPECT_TRUE(got) << got.error().context;
}

TEST_F(rgw_fault, an_idle_connection_is_closed_though_nothing_happens_any_more) {
    auto with = behind(*proxy);
    with.requests.pool.idle = std::chrono::milliseconds(100);
    auto on = store(with);
    ASSERT_TRUE(world.run(on->put_if_absent("k", some_bytes(10), {})));
    EXPECT_GE(proxy->open(), 1U);
    for (int i = 0; i < 1000 && proxy->open() > 0; ++i) world.run(io::sleep_for(world.env.time, std::chrono::milliseconds(10)));
    EXPECT_EQ(proxy->open(), 0U);
    EXPECT_TRUE(world.run(on->get("k", 0, 10)));
}

TEST_F(rgw_fault, a_get_that_broke_off_goes_on_where_it_was) {
    auto on = store(behind(*proxy));
    const auto data = some_bytes(4U << 20U);
    ASSERT_TRUE(world.run(store()->put_if_absent("k", data, {})));
    script = {fault::truncate, fault::truncate, fault::truncate};
    auto got = world.run(on->get("k", 0, 8U << 20U));
    ASSERT_TRUE(got) << got.error().context;
    EXPECT_TRUE(*got == data);
    EXPECT_EQ(requests_of("\"GET /" + bucket + "/p/k ", 4), 4);
    EXPECT_EQ(requests_of("bytes=0-8388607", 1), 1);
    EXPECT_EQ(proxy->served().at(fault::truncate), 3);
}

TEST_F(rgw_fault, a_server_that_restarts_in_between_is_waited_for) {
    auto with = settings();
    with.requests.retry = {std::chrono::milliseconds(20), std::chrono::milliseconds(300)};
    auto on = store(with);
    std::map<std::string, bool> acknowledged;
    bool restarted = false;
    world.run([&]() -> io::task<void> {
        io::task_group group(world.env.time, world.env.on);
        for (int i = 0; i < 8; ++i) {
            group.spawn([](rgw_fault& t, s3::store& to, int n, bool& stop, std::map<std::string, bool>& done) -> io::task<void> {
                for (int round = 0; !stop || round < 20; ++round) {
                    const std::string key = fmt::format("db/{}-{}", n, round);
                    auto put = co_await to.put_if_absent(key, some_bytes(1000, static_cast<std::uint64_t>(n * 1000 + round)), {});
                    EXPECT_TRUE(put || put.error().code == io::errc::outcome_unknown) << put.error().context;
                    if (put) done[key] = true;
                    auto got = co_await to.get("db/0-0", 0, 1000);
                    EXPECT_TRUE(got || got.error().code == io::errc::not_found) << got.error().context;
                    (void)t;
                }
            }(*this, *on, i, restarted, acknowledged));
        }
        const auto restart = [&] {
            server.pause();
            server.restart();
        };
        co_await world.env.elsewhere(restart);
        restarted = true;
        co_await group.join();
    }());
    EXPECT_GE(acknowledged.size(), 100U);
    auto listed = world.run(on->list("db"));
    ASSERT_TRUE(listed) << listed.error().context;
    std::size_t found = 0;
    for (const auto& one : *listed) found += acknowledged.count(one.key);
    EXPECT_EQ(found, acknowledged.size());
}

std::size_t open_descriptors() {
    return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator("/proc/self/fd"), std::filesystem::directory_iterator()));
}

// All faults at once. Each key is written by one operation with bytes of its own.
TEST_F(rgw_fault, A10_ten_thousand_operations_through_all_faults_lose_nothing_and_write_nothing_twice) {
    constexpr int writers = 32;
    constexpr int total = 10'000;
    io::real_random dice;
    auto all = make_proxy([&](const std::string&, const std::string&) {
        if (dice.next() % 5 != 0) return fault::none;
        const std::uint64_t drawn = dice.next() % 100;
        if (drawn < 3) return fault::swallow;  // these two cost a quarter of a second each
        if (drawn < 6) return fault::stall;
        constexpr fault others[] = {fault::reset,   fault::slow_down, fault::too_many, fault::internal_error, fault::bad_gateway, fault::request_timeout,
                                    fault::cut,     fault::lose_to_500, fault::lose_to_504, fault::truncate,  fault::trickle,     fault::stale};
        return others[dice.next() % std::size(others)];
    });
    auto on = store(behind(*all, std::chrono::milliseconds(250)));
    const std::size_t descriptors_before = open_descriptors();
    std::map<int, std::uint64_t> stored;  // confirmed: key and seed
    std::map<int, std::uint64_t> doubtful;
    int next = 0;
    const auto key_of = [](int n) { return fmt::format("db/{:05}", n); };
    const auto work = [&]() -> io::task<void> {
        while (next < total) {
            const int n = next++;
            const std::uint64_t seed = dice.next();
            const io::instant begun = world.env.time.now();
            if (n % 2 == 0) {
                auto put = co_await on->put_if_absent(key_of(n), some_bytes(200 + seed % 3000, seed), {});
                EXPECT_TRUE(put || put.error().code == io::errc::outcome_unknown) << put.error().context;
                (put ? stored : doubtful)[n] = seed;
            } else if (!stored.empty()) {
                const auto at = std::next(stored.begin(), static_cast<std::ptrdiff_t>(seed % stored.size()));
                const auto [key, expected] = *at;
                auto got = co_await on->get(key_of(key), 0, 10'000);
                EXPECT_TRUE(got) << got.error().context;
                EXPECT_TRUE(!got || *got == some_bytes(200 + expected % 3000, expected)) << key;
            }
            EXPECT_LT(world.env.time.now() - begun, std::chrono::seconds(40));  // the deadline is 15 s; the machine may be busy
        }
    };
    world.run([&]() -> io::task<void> {
        io::task_group group(world.env.time, world.env.on);
        for (int i = 0; i < writers; ++i) group.spawn(work());
        co_await group.join();
    }());
    on.reset();
    EXPECT_LE(open_descriptors(), descriptors_before + 2 * writers);  // the proxy's ends may still be closing
    EXPECT_GE(stored.size(), 3000U);
    EXPECT_GE(doubtful.size(), 50U);
    for (const auto& [what, times] : all->served()) EXPECT_GT(times, 0) << static_cast<int>(what);

    auto direct = store();
    auto listed = world.run(direct->list("db"));
    ASSERT_TRUE(listed) << listed.error().context;
    std::map<std::string, bool> there;
    for (const auto& one : *listed) there[one.key] = true;
    for (const auto& [n, seed] : stored) EXPECT_TRUE(there.contains(key_of(n))) << "lost " << n;
    int arrived = 0;
    for (const auto& [n, seed] : doubtful) {
        if (!there.contains(key_of(n))) continue;
        ++arrived;
        auto got = world.run(direct->get(key_of(n), 0, 10'000));
        EXPECT_TRUE(got && *got == some_bytes(200 + seed % 3000, seed)) << n;
    }
    EXPECT_GT(arrived, 10);
    EXPECT_EQ(there.size(), stored.size() + static_cast<std::size_t>(arrived));
}

}  // namespace
