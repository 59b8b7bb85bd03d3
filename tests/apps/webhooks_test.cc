// Deliveries over real connections, with limits that are short where a test waits for them, and on a clock that jumps where it does not.
#include "apps/webhooks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <simdjson.h>

#include "io/task_group.h"
#include "io/tcp_network.h"
#include "tests/support/answering_network.h"
#include "tests/support/http_receiver.h"
#include "tests/support/real_environment.h"
#include "tests/support/scripted_network.h"

namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;
using what = engine::event::what;

constexpr const char* key = "0123456789abcdef";

apps::webhook hook_to(const std::string& url, std::set<what> events = {what::failing, what::recovered, what::halted}) {
    apps::webhook out;
    EXPECT_TRUE(apps::parse_webhook_url(out, url));
    out.secret = s3::secret(key);
    out.events = std::move(events);
    out.said = "f.toml:1";
    return out;
}

// What a receiver would do before it believes a delivery.
void expect_signed(const tests::received& one) {
    const std::string when = one.header("x-flotilla-timestamp");
    EXPECT_EQ(one.header("x-flotilla-signature"), apps::webhook_signature(s3::secret(key), std::stoll(when), one.body));
    EXPECT_NEAR(static_cast<double>(std::stoll(when)), static_cast<double>(io::real_clock().wall_ms()) / 1000, 120);
}

struct told {
    std::string id, event;
    std::uint64_t dropped = 0;
    std::vector<std::string> texts;
};

told read(const std::string& body) {
    simdjson::dom::parser parser;
    const simdjson::dom::element all = parser.parse(body);
    told out{std::string(all["id"].get_string().value()), std::string(all["event"].get_string().value()), all["dropped"].get_uint64().value(), {}};
    for (const auto& one : all["happened"].get_array()) out.texts.emplace_back(one["text"].get_string().value());
    return out;
}

class webhooks_test : public testing::Test {
protected:
    tests::real_environment world;
    io::tcp_network net{world.env.on};
    apps::webhook_limits quick = [] {
        apps::webhook_limits out;
        out.retry = {1ms, 10ms};
        return out;
    }();

    // Runs the webhooks, does something, stops them, and waits for their end.
    template <class Something>
    void run(apps::webhooks& hooks, Something something) {
        world.run([](const io::environment& env, apps::webhooks& some, Something& act) -> io::task<void> {
            io::task_group beside(env.time, env.on);
            beside.spawn(some.run());
            co_await act();
            some.stop();
            co_await beside.join();
        }(world.env, hooks, something));
    }
    io::task<void> until(std::function<bool()> met) {
        while (!met()) co_await io::sleep_for(world.env.time, 1ms);
    }
};

TEST_F(webhooks_test, an_event_arrives_signed_and_only_if_it_was_asked_for) {
    tests::http_receiver receiver;
    apps::webhooks hooks(world.env, net, {hook_to(receiver.url() + "/in?team=db", {what::failing})}, "db7");
    run(hooks, [&]() -> io::task<void> {
        hooks.tell({what::confirmed, "app.db", 16, ""});
        hooks.tell({what::halted, "app.db", 16, ""});
        hooks.tell({what::failing, "app.db", 17, "no route"});
        co_await until([&] { return !receiver.requests().empty(); });
    });
    const auto all = receiver.requests();
    ASSERT_EQ(all.size(), 1U);
    EXPECT_EQ(all[0].target, "/in?team=db");
    expect_signed(all[0]);
    const told got = read(all[0].body);
    EXPECT_EQ(got.event, "store_unreachable");
    EXPECT_EQ(got.texts, std::vector<std::string>{"no route"});
    EXPECT_THAT(all[0].body, HasSubstr(R"("host":"db7")"));
}

TEST_F(webhooks_test, a_refusal_that_may_pass_and_a_reset_are_tried_again_with_the_same_id_and_a_new_signature) {
    tests::http_receiver receiver([](int number, const auto&) { return number == 1 ? 500 : number == 2 ? 0 : 200; });
    apps::webhooks hooks(world.env, net, {hook_to(receiver.url())}, "h", quick);
    run(hooks, [&]() -> io::task<void> {
        hooks.tell({what::failing, "app.db", 1, "x"});
        co_await until([&] { return receiver.requests().size() == 3; });
    });
    const auto all = receiver.requests();
    ASSERT_EQ(all.size(), 3U) << "and not after it was delivered";
    for (const auto& one : all) {
        expect_signed(one);
        EXPECT_EQ(one.body, all[0].body);
    }
    EXPECT_TRUE(world.journal.contains("HTTP 500; trying again"));
    EXPECT_TRUE(world.journal.contains("delivers again"));
}

TEST_F(webhooks_test, what_will_be_refused_again_is_not_tried_again_and_a_redirect_is_not_followed) {
    tests::http_receiver elsewhere;
    tests::http_receiver receiver([](int number, const auto&) { return number == 1 ? 404 : number == 2 ? 307 : 200; });
    receiver.add_headers("Location: " + elsewhere.url() + "/\r\n");
    apps::webhooks hooks(world.env, net, {hook_to(receiver.url())}, "h", quick);
    run(hooks, [&]() -> io::task<void> {
        hooks.tell({what::failing, "app.db", 1, "first"});
        hooks.tell({what::recovered, "app.db", 1, "second"});
        hooks.tell({what::failing, "app.db", 1, "third"});
        co_await until([&] { return receiver.requests().size() == 3; });
    });
    const auto all = receiver.requests();
    ASSERT_EQ(all.size(), 3U);
    EXPECT_EQ(read(all[2].body).texts, std::vector<std::string>{"third"});
    EXPECT_EQ(read(all[2].body).dropped, 2U) << "and the receiver is told how many it missed";
    EXPECT_EQ(elsewhere.requests().size(), 0U);
    EXPECT_TRUE(world.journal.contains("webhook " + receiver.url() + " (f.toml:1): events are dropped: HTTP 404"));
    EXPECT_TRUE(world.journal.contains("2 events were not delivered"));
}

// The end of a watch may be what has to be told: what was told just before stop() arrives, though the first try fails.
TEST_F(webhooks_test, what_was_told_last_is_delivered_before_the_end) {
    tests::http_receiver receiver([](int number, const auto&) { return number == 1 ? 503 : 200; });
    apps::webhooks hooks(world.env, net, {hook_to(receiver.url())}, "h");
    run(hooks, [&]() -> io::task<void> {
        hooks.tell({what::halted, "app.db", 1, "the end"});
        co_return;
    });
    const auto all = receiver.requests();
    ASSERT_EQ(all.size(), 2U);
    EXPECT_EQ(read(all[1].body).event, "stream_halted");
}

TEST_F(webhooks_test, a_long_pause_between_two_tries_ends_with_the_watch) {
    tests::http_receiver receiver([](int number, const auto&) { return number == 1 ? 503 : 200; });
    receiver.add_headers("Retry-After: 600\r\n");
    apps::webhooks hooks(world.env, net, {hook_to(receiver.url())}, "h");
    run(hooks, [&]() -> io::task<void> {
        hooks.tell({what::halted, "app.db", 1, "the end"});
        co_await until([&] { return world.journal.contains("trying again"); });
    });
    EXPECT_EQ(receiver.requests().size(), 2U);
}

TEST_F(webhooks_test, a_dead_one_ends_with_the_limit_and_does_not_hold_up_another) {
    tests::http_receiver dead([](int, const auto&) { return std::nullopt; });
    tests::http_receiver alive;
    apps::webhook_limits some = quick;
    some.attempt = 100ms;
    some.at_exit = 300ms;
    apps::webhooks hooks(world.env, net, {hook_to(dead.url()), hook_to(alive.url())}, "h", some);
    run(hooks, [&]() -> io::task<void> {
        for (int i = 0; i < 5; ++i) hooks.tell({i % 2 == 0 ? what::failing : what::recovered, "app.db", 1, std::to_string(i)});
        co_await until([&] { return alive.requests().size() == 5; });
    });
    EXPECT_GE(dead.requests().size(), 1U);
    EXPECT_TRUE(world.journal.contains("webhook " + dead.url() + " (f.toml:1): 5 events were not delivered"));
    for (const auto& line : world.journal.lines()) EXPECT_THAT(line, Not(HasSubstr(key)));
}

TEST_F(webhooks_test, a_storm_is_few_requests_in_order_and_what_is_too_much_is_counted) {
    tests::http_receiver receiver;
    apps::webhook_limits some = quick;
    some.queue = 1000;
    some.at_once = 400;
    apps::webhooks hooks(world.env, net, {hook_to(receiver.url())}, "h", some);
    run(hooks, [&]() -> io::task<void> {
        for (int i = 0; i < 1200; ++i) hooks.tell({what::failing, "s" + std::to_string(i), 1, std::to_string(i)});
        hooks.tell({what::recovered, "s0", 1, std::string(5000, 'x')});
        hooks.tell({what::failing, "s0", 1, "again"});
        co_await until([&] { return receiver.requests().size() == 5; });
    });
    std::vector<told> all;
    for (const auto& one : receiver.requests()) all.push_back(read(one.body));
    ASSERT_EQ(all.size(), 5U);
    EXPECT_EQ(all[0].dropped, 202U);
    EXPECT_EQ(all[1].dropped, 0U);
    EXPECT_EQ(all[0].texts.front(), "202") << "the oldest go";
    EXPECT_EQ(all[0].texts.size(), 400U);
    EXPECT_EQ(all[2].texts.back(), "1199");
    EXPECT_EQ(all[3].event, "recovered");
    EXPECT_EQ(all[3].texts.front().size(), 1003U) << "long texts are cut";
    EXPECT_EQ(all[4].texts, std::vector<std::string>{"again"});
    EXPECT_TRUE(world.journal.contains("202 events were not delivered"));
}

// Virtual time: nothing waits. The receiver closes every connection; a quarter of an hour later it takes what is new by then.
TEST_F(webhooks_test, an_event_is_given_up_when_it_is_a_quarter_of_an_hour_old_and_pauses_grow_to_half_a_minute) {
    tests::jumping_clock time;
    const io::environment env{world.env.on, time, world.env.dice, world.env.files, world.env.elsewhere, world.env.journal, {}};
    std::function<std::string(const std::string&)> answer;
    tests::answering_network there([&](const std::string& request) { return answer(request); });
    apps::webhooks hooks(env, there, {hook_to("http://h/")}, "h");
    bool told_more = false;
    std::string last;
    answer = [&](const std::string& request) -> std::string {
        if (time.passed() > 14min && !told_more) hooks.tell({what::halted, "app.db", 1, "new"});
        told_more = time.passed() > 14min;
        if (request.find("stream_halted") == std::string::npos) return "";
        last = request.substr(request.find("\r\n\r\n") + 4);
        hooks.stop();
        return tests::http_answer("204 No Content");
    };
    hooks.tell({what::failing, "app.db", 1, "old"});
    time.advance(1s);
    hooks.tell({what::recovered, "app.db", 1, "old"});
    world.run(hooks.run());
    EXPECT_GE(time.passed(), 15min);
    EXPECT_EQ(read(last).dropped, 2U);
    EXPECT_GE(there.requests.size(), 15U * 60 / 30);
    EXPECT_LE(there.requests.size(), 15U * 60 / 3);
    EXPECT_TRUE(world.journal.contains("2 events were not delivered"));
}

}  // namespace
