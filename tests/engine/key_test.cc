// Names of objects, for both kinds of store, and what a store holds under them.
#include "engine/key.h"

#include <gtest/gtest.h>

#include "engine/replica.h"
#include "io/directory_store.h"
#include "tests/support/broken_store.h"
#include "tests/support/chain_builder.h"
#include "tests/support/real_environment.h"
#include "tests/support/temp_directory.h"

namespace {

using layout = io::key_layout;

TEST(key, A8_writers_and_readers_agree_on_both_layouts) {
    EXPECT_EQ(engine::object_key(layout::directory, "tenants/a b.db", 0, {1, 0x1f}), "tenants/a b.db/ltx/0/0000000000000001-000000000000001f.ltx");
    EXPECT_EQ(engine::object_key(layout::bucket, "tenants/a b.db", 9, {1, 0x1f}), "tenants/a b.db/0009/0000000000000001-000000000000001f.ltx");
    for (const auto how : {layout::directory, layout::bucket}) {
        for (const engine::txid_range range : {engine::txid_range{1, 1}, {5, 0xffffffffULL + 5}, {UINT64_MAX - 1, UINT64_MAX}}) {
            EXPECT_EQ(engine::parse_object_key(engine::object_key(how, "x", 0, range)), range);
        }
    }
    EXPECT_FALSE(engine::parse_object_key("x/ltx/0/1-2.ltx").has_value());
    EXPECT_FALSE(engine::parse_object_key("x/ltx/0/0000000000000002-0000000000000001.ltx").has_value());
}

TEST(key, F12_the_order_of_names_is_the_order_of_txids) {
    std::string before;
    for (const std::uint64_t txid : {1ULL, 9ULL, 10ULL, 255ULL, 256ULL, 0xffffffffULL, 0x100000000ULL, 0x7fffffffffffffffULL}) {
        const std::string name = engine::object_key(layout::directory, "x", 0, {txid, txid});
        EXPECT_LT(before, name);
        before = name;
    }
}

TEST(key, A8_names_that_would_hide_in_other_streams_are_refused) {
    for (const char* good : {"app.db", "a/b/c.db", "with space", "ünïcode", "100%.db", "0009.db", "LTX", "abcde"}) {
        EXPECT_TRUE(engine::check_stream_name(good).has_value()) << good;
    }
    for (const char* bad : {"", "/x", "x/", "a//b", ".", "a/../b", "ltx", "a/ltx", "ltx/a", "0009", "x/00ff/y", ".flotilla-tmp", "a/.flotilla"}) {
        auto outcome = engine::check_stream_name(bad);
        ASSERT_FALSE(outcome.has_value()) << bad;
        EXPECT_EQ(outcome.error().about, io::subject::usage) << bad;
    }
}

class replica : public testing::Test {
protected:
    tests::temp_directory dir;
    tests::real_environment world;
    std::unique_ptr<io::directory_store> behind;
    std::unique_ptr<tests::broken_store> store;
    tests::chain_builder chain{512};

    replica() {
        auto opened = world.run(io::directory_store::open(world.env, dir.file("store"), io::directory_store::access::write));
        behind = std::move(*opened);
        store = std::make_unique<tests::broken_store>(*behind);
        chain.commit_size(3);
        for (std::uint8_t i = 0; i < 4; ++i) chain.commit_page(2, i);
    }
};

TEST_F(replica, F6_everything_is_found_by_listing_in_the_order_of_its_txids) {
    for (const std::uint64_t txid : {5U, 2U, 4U, 3U}) chain.put(world, *behind, "app.db", 0, txid, txid);
    chain.put(world, *behind, "app.db", 9, 1, 3);
    chain.put(world, *behind, "app.db", 9, 1, 1);
    tests::spill(dir.file("store/app.db/ltx/0/notes.txt"), io::bytes(3));
    auto all = world.run(engine::replica(*store, "app.db").list_all());
    ASSERT_TRUE(all.has_value());
    std::vector<std::pair<unsigned, std::uint64_t>> found;
    for (const auto& file : all->files) found.emplace_back(file.level, file.range.max);
    EXPECT_EQ(found, (std::vector<std::pair<unsigned, std::uint64_t>>{{0, 2}, {0, 3}, {0, 4}, {0, 5}, {9, 1}, {9, 3}}));
    EXPECT_EQ(all->strangers, std::vector<std::string>{"app.db/ltx/0/notes.txt"});
}

TEST_F(replica, E10_a_level_that_cannot_be_listed_is_an_error) {
    chain.put(world, *behind, "app.db", 0, 2, 2);
    store->on_list = [](const std::string& prefix) -> io::result<void> {
        if (prefix.ends_with("/9")) return io::error{io::errc::io_failure, io::subject::store, "no listing"};
        return {};
    };
    EXPECT_FALSE(world.run(engine::replica(*store, "app.db").list_all()).has_value());
}

TEST_F(replica, B13_B14_a_header_that_is_not_its_names_is_corrupt) {
    const std::string key = chain.put(world, *behind, "app.db", 0, 2, 2);
    const engine::replica where(*store, "app.db");
    engine::stored_file file{0, {2, 2}, 0, 0, key};
    EXPECT_TRUE(world.run(where.header(file)).has_value());
    file.range = {3, 3};
    auto outcome = world.run(where.header(file));
    ASSERT_FALSE(outcome.has_value());
    EXPECT_EQ(outcome.error().code, io::errc::corrupt);
    EXPECT_EQ(outcome.error().about, io::subject::integrity);
    tests::spill(dir.file("store/" + key), io::bytes(50));
    EXPECT_EQ(world.run(where.header({0, {2, 2}, 0, 0, key})).error().code, io::errc::corrupt);
}

TEST_F(replica, streams_are_found_wherever_they_lie) {
    for (const char* name : {"app.db", "tenants/a/x.db", "tenants/b", "tenants/b/c"}) chain.put(world, *behind, name, 0, 2, 2);
    auto names = world.run(engine::replica::streams(*store));
    ASSERT_TRUE(names.has_value());
    EXPECT_EQ(*names, (std::vector<std::string>{"app.db", "tenants/a/x.db", "tenants/b", "tenants/b/c"}));
}

TEST(local_id, tells_streams_and_stores_apart) {
    EXPECT_NE(engine::local_id("file:///a", "x"), engine::local_id("file:///b", "x"));
    EXPECT_NE(engine::local_id("file:///a", "x"), engine::local_id("file:///a", "y"));
    EXPECT_EQ(engine::local_id("file:///a", "x").size(), 16U);
}

}  // namespace
