// The store's operations on a real server, over HTTP and TLS.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <algorithm>

#include "io/task_group.h"
#include "s3/multipart_writer.h"
#include "tests/rgw/bucket.h"

namespace {

using tests::some_bytes;
using testing::ElementsAre;
using testing::HasSubstr;

class rgw_store : public tests::bucket_test {
public:
    io::result<void> put(s3::store& to, const std::string& key, io::bytes data, std::int64_t time_ms = 1'700'000'000'123) {
        return world.run(to.put_if_absent(key, std::move(data), {time_ms}));
    }
    // Written in pieces of `piece` bytes.
    io::result<void> write(s3::store& to, const std::string& key, const io::bytes& data, std::size_t piece) {
        return world.run([&]() -> io::task<io::result<void>> {
            auto writer = co_await to.open_writer(key, {1'700'000'000'123});
            if (!writer) co_return writer.error();
            for (std::size_t at = 0; at < data.size(); at += piece) {
                const auto part = io::byte_view(data).subspan(at, std::min(piece, data.size() - at));
                auto ok = co_await (*writer)->write(io::bytes(part.begin(), part.end()));
                if (!ok) co_return ok;
            }
            co_return co_await (*writer)->commit();
        }());
    }
    io::bytes get(s3::store& from, const std::string& key, std::uint64_t offset, std::uint64_t length) {
        auto got = world.run(from.get(key, offset, length));
        EXPECT_TRUE(got) << got.error().context;
        return got ? *got : io::bytes();
    }
    std::vector<std::string> names(s3::store& in, const std::string& prefix) {
        auto listed = world.run(in.list(prefix));
        EXPECT_TRUE(listed) << listed.error().context;
        std::vector<std::string> out;
        if (listed) std::ranges::transform(*listed, std::back_inserter(out), &io::object_info::key);
        return out;
    }
    std::size_t uploads() {
        auto requests = client();
        auto answer = world.run(requests->send(s3::make_call(s3::operation::list_uploads, "", s3::list_uploads(requests->where(), "", {}))));
        EXPECT_TRUE(answer) << answer.error().context;
        return s3::read_upload_page(answer->body)->uploads.size();
    }
};

TEST_F(rgw_store, what_was_put_comes_back_over_http_and_tls) {
    for (const auto& with : {settings(server.http(), "plain"), settings(server.https(), "tls", "&ca=" + server.ca_file()),
                             settings(server.https(), "unsigned", "&unsigned-payload=true&ca=" + server.ca_file())}) {
        auto on = store(with);
        const auto data = some_bytes(100'000);
        ASSERT_TRUE(put(*on, "db/0000/a.ltx", data));
        EXPECT_EQ(get(*on, "db/0000/a.ltx", 0, 100'000), data);
        EXPECT_EQ(get(*on, "db/0000/a.ltx", 0, 64U << 20U), data);
        EXPECT_EQ(get(*on, "db/0000/a.ltx", 10, 5), io::bytes(data.begin() + 10, data.begin() + 15));
        EXPECT_EQ(get(*on, "db/0000/a.ltx", 99'990, 100), io::bytes(data.end() - 10, data.end()));
        EXPECT_EQ(get(*on, "db/0000/a.ltx", 100'000, 100), io::bytes());
        EXPECT_EQ(get(*on, "db/0000/a.ltx", 5, 0), io::bytes());
        auto head = world.run(on->head("db/0000/a.ltx"));
        ASSERT_TRUE(head) << head.error().context;
        EXPECT_EQ(head->size, 100'000U);
        EXPECT_EQ(head->timestamp_ms, 1'700'000'000'123);
    }
}

TEST_F(rgw_store, the_time_is_litestreams_metadata) {
    auto on = store();
    ASSERT_TRUE(put(*on, "k", some_bytes(10)));
    auto requests = client();
    auto answer = world.run(requests->send(s3::make_call(s3::operation::head_object, "p/k", s3::head_object(requests->where(), "p/k"))));
    ASSERT_TRUE(answer);
    ASSERT_NE(answer->head.find("x-amz-meta-litestream-timestamp"), nullptr);
    EXPECT_EQ(*answer->head.find("x-amz-meta-litestream-timestamp"), "2023-11-14T22:13:20.123000000Z");
}

TEST_F(rgw_store, a_taken_key_is_already_exists_and_keeps_its_bytes) {
    auto on = store();
    ASSERT_TRUE(put(*on, "k", some_bytes(10, 1)));
    EXPECT_EQ(put(*on, "k", some_bytes(10, 2)).error().code, io::errc::already_exists);
    EXPECT_EQ(get(*on, "k", 0, 10), some_bytes(10, 1));
    ASSERT_TRUE(world.run(on->remove("k")));
    EXPECT_TRUE(put(*on, "k", some_bytes(10, 2)));
}

TEST_F(rgw_store, an_object_that_may_change_is_replaced) {
    auto on = store(settings(server.http(), "replaced"));
    for (const std::size_t size : {100U, 50U}) {
        const auto data = some_bytes(size);
        const auto written = world.run(on->put(".flotilla/hosts/one.json", data, {1'700'000'000'123}));
        ASSERT_TRUE(written) << written.error().context;
        EXPECT_EQ(get(*on, ".flotilla/hosts/one.json", 0, 1000), data);
    }
    EXPECT_EQ(world.run(on->put(".flotilla/hosts/one.json", {}, {})).error().code, io::errc::invalid);
}

TEST_F(rgw_store, what_is_missing_is_not_found) {
    auto on = store();
    EXPECT_EQ(world.run(on->head("absent")).error().code, io::errc::not_found);
    EXPECT_EQ(world.run(on->get("absent", 0, 10)).error().code, io::errc::not_found);
    EXPECT_EQ(world.run(on->get("absent", 0, 0)).error().code, io::errc::not_found);
    EXPECT_TRUE(world.run(on->remove("absent")));
    EXPECT_EQ(names(*on, "absent").size(), 0U);
}

TEST_F(rgw_store, improper_calls_are_invalid) {
    auto on = store();
    EXPECT_EQ(put(*on, "a//b", some_bytes(1)).error().code, io::errc::invalid);
    EXPECT_EQ(put(*on, std::string(1023, 'k'), some_bytes(1)).error().code, io::errc::invalid);  // with the prefix 1,025
    EXPECT_EQ(put(*on, "empty", {}).error().code, io::errc::invalid);
    EXPECT_EQ(world.run(on->get("k", 0, (64U << 20U) + 1)).error().code, io::errc::invalid);
}

TEST_F(rgw_store, odd_keys_are_kept_as_they_are) {
    auto on = store(settings(server.http(), "pre fix+é"));
    const std::vector<std::string> odd{"a b", "a+b", "a%20b", "a&b=c", "ä ö/ü", "'quoted'", "\"q\"", "<x>", "\x01 control", "日本語", "~tilde", "semi;colon,comma", "back\\slash", "q?x#y"};
    for (std::size_t i = 0; i < odd.size(); ++i) ASSERT_TRUE(put(*on, "odd/" + odd[i], some_bytes(10 + i, i))) << odd[i];
    for (std::size_t i = 0; i < odd.size(); ++i) EXPECT_EQ(get(*on, "odd/" + odd[i], 0, 1000), some_bytes(10 + i, i)) << odd[i];
    std::vector<std::string> expected;
    for (const auto& each : odd) {
        if (each.find('/') == std::string::npos) expected.push_back("odd/" + each);
    }
    std::ranges::sort(expected);
    EXPECT_EQ(names(*on, "odd"), expected);
    auto below = world.run(on->children("odd"));
    ASSERT_TRUE(below);
    EXPECT_THAT(*below, ElementsAre("ä ö"));
    std::vector<std::string> all;
    for (const auto& each : odd) all.push_back("odd/" + each);
    ASSERT_TRUE(world.run(on->remove_all(all)));
    EXPECT_EQ(names(*on, "odd").size(), 0U);
    EXPECT_EQ(names(*on, "odd/ä ö").size(), 0U);
}

TEST_F(rgw_store, listings_are_whole_over_many_pages) {
    auto on = store();
    constexpr int count = 2300;
    world.run([&]() -> io::task<void> {
        io::task_group group(world.env.time, world.env.on);
        for (int i = 0; i < count; ++i) {
            group.spawn([](s3::store& to, int n) -> io::task<void> {
                auto ok = co_await to.put_if_absent(fmt::format("db/0000/{:05}", n), some_bytes(3), {});
                EXPECT_TRUE(ok) << ok.error().context;
            }(*on, i));
        }
        co_await group.join();
    }());
    ASSERT_TRUE(put(*on, "db/0009/x", some_bytes(3)));
    ASSERT_TRUE(put(*on, "other", some_bytes(3)));
    const auto listed = names(*on, "db/0000");
    ASSERT_EQ(listed.size(), count);
    EXPECT_EQ(listed.front(), "db/0000/00000");
    EXPECT_EQ(listed.back(), "db/0000/02299");
    EXPECT_TRUE(std::ranges::is_sorted(listed));
    EXPECT_THAT(*world.run(on->children("db")), ElementsAre("0000", "0009"));
    EXPECT_THAT(*world.run(on->children("")), ElementsAre("db"));
    EXPECT_EQ(names(*on, "db").size(), 0U);
    ASSERT_TRUE(world.run(on->remove_all(listed)));
    EXPECT_EQ(names(*on, "db/0000").size(), 0U);
    EXPECT_EQ(names(*on, "db/0009").size(), 1U);
}

TEST_F(rgw_store, large_objects_travel_in_parts) {
    auto on = store();
    const auto small = some_bytes(100'000);
    ASSERT_TRUE(write(*on, "small", small, 30'000));
    EXPECT_EQ(get(*on, "small", 0, 200'000), small);
    const auto large = some_bytes(s3::part_size(1) * 17 + 12'345);
    auto written = write(*on, "large", large, 4U << 20U);
    ASSERT_TRUE(written) << written.error().context;
    auto head = world.run(on->head("large"));
    ASSERT_TRUE(head) << head.error().context;
    EXPECT_EQ(head->size, large.size());
    EXPECT_EQ(head->timestamp_ms, 1'700'000'000'123);
    for (std::uint64_t at = 0; at < large.size(); at += 50U << 20U) {
        const std::uint64_t end = std::min<std::uint64_t>(large.size(), at + (50U << 20U));
        EXPECT_TRUE(std::ranges::equal(get(*on, "large", at, 50U << 20U), io::byte_view(large).subspan(at, end - at)));
    }
    EXPECT_EQ(uploads(), 0U);
}

TEST_F(rgw_store, a_multipart_upload_never_replaces_an_object) {
    auto on = store();
    ASSERT_TRUE(put(*on, "k", some_bytes(10)));
    auto written = write(*on, "k", some_bytes(s3::part_size(1) + 1), 1U << 20U);
    ASSERT_FALSE(written);
    EXPECT_EQ(written.error().code, io::errc::already_exists);
    EXPECT_EQ(get(*on, "k", 0, 1U << 20U), some_bytes(10));
    EXPECT_EQ(uploads(), 0U);
}

// A process that was killed between claiming a key and completing its upload.
TEST_F(rgw_store, an_upload_that_was_killed_at_its_end_is_finished_by_whoever_meets_it) {
    auto requests = client();
    const auto data = some_bytes(100'000);
    const auto leave_behind = [&](const std::string& key) {
        auto begun = world.run(requests->send(s3::make_call(s3::operation::create_upload, key, s3::create_upload(requests->where(), key, {}))));
        const std::string id = *s3::read_created_upload(begun->body);
        auto part = s3::upload_part(requests->where(), key, id, 1, io::bytes(data));
        EXPECT_TRUE(world.run(requests->send(s3::make_call(s3::operation::upload_part, key, part))));
        auto claim = s3::put_object(requests->where(), key, {}, {{"flotilla-upload", id}}, {s3::write_condition::kind::if_absent, {}});
        EXPECT_TRUE(world.run(requests->send(s3::make_call(s3::operation::put_object, key, claim))));
    };
    leave_behind("p/db/first");
    auto reader = store(settings(), s3::store::access::read);
    EXPECT_EQ(names(*reader, "db").size(), 0U);
    EXPECT_EQ(world.run(reader->head("db/first")).error().code, io::errc::not_found);
    auto writer = store();
    EXPECT_THAT(names(*writer, "db"), ElementsAre("db/first"));
    EXPECT_EQ(get(*reader, "db/first", 0, 200'000), data);
    EXPECT_TRUE(world.journal.contains("interrupted at its end is complete"));

    leave_behind("p/db/second");
    EXPECT_EQ(put(*writer, "db/second", some_bytes(5)).error().code, io::errc::already_exists);
    auto met = world.run(writer->head("db/second"));
    ASSERT_TRUE(met) << met.error().context;
    EXPECT_EQ(met->size, data.size());
    EXPECT_EQ(get(*reader, "db/second", 0, 200'000), data);
    EXPECT_EQ(uploads(), 0U);
}

TEST_F(rgw_store, uploads_that_were_left_behind_are_aborted_at_the_next_start_if_they_are_old) {
    auto requests = client();
    auto begun = world.run(requests->send(s3::make_call(s3::operation::create_upload, "p/db/x", s3::create_upload(requests->where(), "p/db/x", {}))));
    ASSERT_TRUE(begun);
    auto young = store();
    EXPECT_EQ(uploads(), 1U);
    auto elsewhere = settings(server.http(), "another");
    elsewhere.abort_uploads_after = std::chrono::seconds(-5);
    auto other = store(elsewhere);
    EXPECT_EQ(uploads(), 1U);  // another prefix is another store
    auto old = settings();
    old.abort_uploads_after = std::chrono::seconds(-5);
    auto next = store(old);
    EXPECT_EQ(uploads(), 0U);
}

TEST_F(rgw_store, an_abandoned_writer_leaves_nothing_to_see_and_its_upload_goes_with_the_next) {
    auto on = store();
    world.run([&]() -> io::task<void> {
        auto writer = co_await on->open_writer("k", {});
        auto ok = co_await (*writer)->write(some_bytes(s3::part_size(1) * 9));
        EXPECT_TRUE(ok);
    }());
    EXPECT_EQ(world.run(on->head("k")).error().code, io::errc::not_found);
    EXPECT_TRUE(put(*on, "k", some_bytes(5)));
    EXPECT_EQ(uploads(), 1U);
    EXPECT_TRUE(write(*on, "next", some_bytes(5), 5));
    EXPECT_EQ(uploads(), 0U);
}

TEST_F(rgw_store, server_side_encryption_with_a_customers_key_over_tls) {
    auto with = settings(server.https(), "sse", "&ca=" + server.ca_file());
    with.where.at_rest.kind = s3::encryption_kind::customer;
    with.where.at_rest.customer_key = s3::secret(std::string(32, 'k'));
    auto on = store(with);
    const auto small = some_bytes(1000);
    const auto large = some_bytes(s3::part_size(1) + 5);
    ASSERT_TRUE(put(*on, "small", small));
    auto written = write(*on, "large", large, 1U << 20U);
    ASSERT_TRUE(written) << written.error().context;
    EXPECT_EQ(get(*on, "small", 0, 2000), small);
    EXPECT_EQ(get(*on, "large", 0, 16U << 20U), large);
    EXPECT_EQ(world.run(on->head("large"))->size, large.size());
    auto without = store(settings(server.https(), "sse", "&ca=" + server.ca_file()), s3::store::access::read);
    EXPECT_FALSE(world.run(without->get("small", 0, 2000)));
}

}  // namespace
