#include "s3/store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "io/task_group.h"
#include "tests/support/answering_network.h"
#include "tests/support/real_environment.h"

namespace {

using testing::HasSubstr;
using tests::answering_network;
using tests::http_answer;

class any_credentials final : public s3::credentials_source {
public:
    io::task<io::result<s3::credentials>> get() override { co_return s3::credentials{"a", s3::secret("s"), {}, {}}; }
    void refused(const s3::credentials&) override {}
};

// Thirty calls, one connection at a time, 20 ms each: the last one begins long after the deadline of a single call.
TEST(s3_client_queue, a_burst_waits_its_turn_before_its_time_begins_to_run) {
    tests::real_environment world;
    any_credentials keys;
    answering_network net([](const std::string&) { return http_answer("200 OK", "0123456789", "Connection: close\r\n"); });
    net.before_connect = [&] { return io::sleep_for(world.env.time, std::chrono::milliseconds(20)); };
    net.time = &world.env.time;
    s3::client_settings settings;
    settings.pool.most = 1;
    settings.deadline = std::chrono::milliseconds(150);
    const auto where = *s3::parse_store_url("s3://bucket/p?endpoint=http://host:1234", {});
    s3::client on(world.env, net, keys, where, settings);
    const auto get = [&]() -> io::task<void> {
        auto got = co_await on.send(s3::make_call(s3::operation::get_object, "k", s3::get_object(where, "k", 0, 10, "")));
        EXPECT_TRUE(got) << got.error().context;
    };
    const auto all = [&]() -> io::task<void> {
        io::task_group group(world.env.time, world.env.on);
        for (int i = 0; i < 30; ++i) group.spawn(get());
        co_await group.join();
    };
    world.run(all());
    EXPECT_EQ(net.connected.size(), 30U);
}

TEST(s3_store, A10_a_store_that_ignores_conditions_is_refused_unless_told_otherwise) {
    tests::real_environment world;
    any_credentials keys;
    // Every put succeeds, whatever was there before.
    std::string stored;
    answering_network careless([&](const std::string& request) {
        if (request.starts_with("PUT ")) stored = request.substr(request.find("\r\n\r\n") + 4);
        if (request.starts_with("PUT ")) return http_answer("200 OK", "", "ETag: \"e\"\r\n");
        if (request.starts_with("HEAD ") && stored == "probe\n") return http_answer("404 Not Found");
        if (request.starts_with("HEAD ")) return "HTTP/1.1 200 OK\r\nETag: \"e\"\r\nContent-Length: " + std::to_string(stored.size()) + "\r\n\r\n";
        if (request.find("uploads=") != std::string::npos)
            return http_answer("200 OK", "<ListMultipartUploadsResult><IsTruncated>false</IsTruncated></ListMultipartUploadsResult>");
        return http_answer("200 OK", "<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>");
    });
    s3::store_settings with;
    with.where = *s3::parse_store_url("s3://bucket/p?endpoint=http://host:1234", {});
    auto refused = world.run(s3::store::open(world.env, careless, keys, with, s3::store::access::write));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, io::errc::unsupported);
    EXPECT_THAT(refused.error().context, HasSubstr("--unsafe-no-conditional-put"));
    EXPECT_TRUE(world.run(s3::store::open(world.env, careless, keys, with, s3::store::access::read)));
    with.unsafe_no_conditional_put = true;
    auto on = world.run(s3::store::open(world.env, careless, keys, with, s3::store::access::write));
    ASSERT_TRUE(on) << on.error().context;
    EXPECT_TRUE(world.journal.contains("NOT honoured"));
    EXPECT_TRUE(world.run((*on)->put_if_absent("k", io::bytes{'1'}, {})));
    EXPECT_EQ(world.run((*on)->put_if_absent("k", io::bytes{'2'}, {})).error().code, io::errc::already_exists);
    EXPECT_EQ(stored, "1");
}

}  // namespace
