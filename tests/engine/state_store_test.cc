// state.db: what is remembered reads back whole, or is an error; it is never quietly forgotten.
#include "engine/state_store.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "tests/support/chain_builder.h"
#include "tests/support/real_environment.h"
#include "tests/support/sqlite.h"
#include "tests/support/temp_directory.h"

namespace {

class state_store : public testing::Test {
protected:
    tests::temp_directory dir;
    tests::real_environment world;
    const std::string url = "file:///backup";

    io::result<std::unique_ptr<engine::state_store>> open(const std::string& store_url = "file:///backup") {
        return world.run(engine::state_store::open(world.env, dir.file("state"), store_url, "the test"));
    }
    void write_two();
    bool moved_aside() const {
        const auto names = tests::names_in(dir.file("state"));
        return std::any_of(names.begin(), names.end(), [](const auto& n) { return n.starts_with("state.db.corrupt-"); });
    }
    std::string db() const { return dir.file("state/state.db"); }
};

engine::memo every_field(const std::string& stream) {
    engine::memo m;
    m.stream = stream;
    m.path = "/data/with ' quotes, \"these\" and ünïcode.db";
    m.identity = {0xfedcba9876543210ULL, 0x8000000000000001ULL};
    m.epoch = 0x7edcba9876543211ULL;
    m.txid = 0x1'0000'0003ULL;
    m.page_size = 65536;
    m.page_count = 0xfffffffeU;
    m.post = 0xf00dfeedbeefcafeULL;
    m.position = {0xffffffffU, 0x80000001U, 65536, true, 0x123456789abcULL, {0xdeadbeefU, 0xfeedfaceU}};
    m.own_frame_first = true;
    m.snapshot_txid = 0xffff'ffffULL + 7;
    m.snapshot_ms = 1'700'000'000'123;
    m.durable_ms = 1'700'000'000'456;
    m.state = "failing";
    m.problem = "put \"x\": no answer; trying again\nreally";
    m.reanchors = 9;
    m.pressure = "spilling";
    m.shadow_bytes = 0xf23456789abcdef0ULL;
    return m;
}

void expect_same(const engine::memo& a, const engine::memo& b) {
    EXPECT_EQ(a.stream, b.stream);
    EXPECT_EQ(a.path, b.path);
    EXPECT_EQ(a.identity, b.identity);
    EXPECT_EQ(a.epoch, b.epoch);
    EXPECT_EQ(a.txid, b.txid);
    EXPECT_EQ(a.page_size, b.page_size);
    EXPECT_EQ(a.page_count, b.page_count);
    EXPECT_EQ(a.post, b.post);
    EXPECT_EQ(a.position, b.position);
    EXPECT_EQ(a.own_frame_first, b.own_frame_first);
    EXPECT_EQ(a.snapshot_txid, b.snapshot_txid);
    EXPECT_EQ(a.snapshot_ms, b.snapshot_ms);
    EXPECT_EQ(a.durable_ms, b.durable_ms);
    EXPECT_EQ(a.state, b.state);
    EXPECT_EQ(a.problem, b.problem);
    EXPECT_EQ(a.reanchors, b.reanchors);
    EXPECT_EQ(a.pressure, b.pressure);
    EXPECT_EQ(a.shadow_bytes, b.shadow_bytes);
}

engine::object_row a_failed_object() {
    engine::object_row o;
    o.name = {0, {7, 0xf000000000000007ULL}};
    o.state = engine::object_row::fate::failed;
    o.size = 0x8123456789abcdefULL;
    o.attempts = 3;
    o.error = "HTTP 403\n\"denied\"";
    o.file = "cache/0123456789abcdef/0/x.ltx";
    o.file_checksum = 0xfedcba9876543210ULL;
    o.time_ms = 1'700'000'000'789;
    return o;
}

void state_store::write_two() {
    auto store = open();
    for (const char* name : {"one.db", "two.db"}) {
        (*store)->put(every_field(name));
        (*store)->put(name, a_failed_object());
    }
    ASSERT_TRUE(world.run((*store)->flush()).has_value());
}

TEST_F(state_store, A10_every_field_reads_back_as_it_was) {
    {
        auto store = open();
        ASSERT_TRUE(store.has_value()) << store.error().context;
        (*store)->put(every_field("app.db"));
        ASSERT_TRUE(world.run((*store)->flush()).has_value());
    }
    auto store = open();
    ASSERT_TRUE(store.has_value()) << store.error().context;
    const auto found = (*store)->find("app.db");
    ASSERT_TRUE(found.has_value());
    expect_same(*found, every_field("app.db"));
    EXPECT_EQ((*store)->all().size(), 1U);
    const auto rows = engine::read_state(dir.file("state"));
    ASSERT_TRUE(rows.has_value()) << rows.error().context;
    ASSERT_EQ(rows->size(), 1U);
    EXPECT_EQ(rows->at(0).store_url, url);
    expect_same(rows->at(0).row, every_field("app.db"));
}

TEST_F(state_store, the_rows_of_another_store_are_kept_and_not_taken_for_ours) {
    {
        auto store = open();
        (*store)->put(every_field("app.db"));
        ASSERT_TRUE(world.run((*store)->flush()).has_value());
    }
    {
        auto other = open("s3://bucket");
        EXPECT_FALSE((*other)->find("app.db").has_value());
    }
    EXPECT_TRUE((*open())->find("app.db").has_value());
}

TEST_F(state_store, A10_a_corrupt_database_is_moved_aside_loudly_and_begun_anew) {
    write_two();
    tests::spill(db(), io::bytes(8192, 0x5a));
    auto store = open();
    ASSERT_TRUE(store.has_value()) << store.error().context;
    EXPECT_TRUE((*store)->all().empty());
    EXPECT_NE((*store)->damage().find("state.db.corrupt-"), std::string::npos);
    EXPECT_TRUE(moved_aside());
}

TEST_F(state_store, A10_a_table_that_is_not_ours_is_never_an_empty_one) {
    { auto store = open(); }
    { tests::app(db()).run("DROP TABLE stream; CREATE TABLE stream(nonsense)"); }
    EXPECT_FALSE(engine::read_state(dir.file("state")).has_value());
    auto store = open();
    ASSERT_TRUE(store.has_value()) << store.error().context;
    EXPECT_NE((*store)->damage().find("the table stream"), std::string::npos);
}

TEST_F(state_store, A10_a_file_of_another_version_is_moved_aside_and_what_is_proven_is_kept) {
    write_two();
    { tests::app(db()).run("PRAGMA user_version=77"); }
    auto store = open();
    ASSERT_TRUE(store.has_value()) << store.error().context;
    EXPECT_NE((*store)->damage().find("version 77"), std::string::npos);
    EXPECT_EQ((*store)->all().size(), 2U);
    EXPECT_TRUE(moved_aside());
}

TEST_F(state_store, A10_what_cannot_be_read_is_an_error_and_not_an_empty_one) {
    std::filesystem::create_directories(db());
    auto store = open();
    ASSERT_FALSE(store.has_value());
    EXPECT_NE(store.error().context.find(dir.file("state")), std::string::npos);
}

TEST_F(state_store, A10_one_that_is_gone_although_the_directory_was_used_is_loud) {
    write_two();
    std::filesystem::create_directories(dir.file("state/sums"));
    EXPECT_EQ((*open())->damage(), "");
    std::filesystem::remove(db());
    EXPECT_NE((*open())->damage().find("is missing"), std::string::npos);
    tests::spill(db(), {});
    EXPECT_NE((*open())->damage().find("is missing"), std::string::npos);
    EXPECT_EQ((*open())->damage(), "") << "told once";
}

// A row that was changed is dropped and the other stays; what SQLite itself finds is as bad.
TEST_F(state_store, A10_a_row_that_is_not_what_was_written_is_not_believed_and_the_others_are_kept) {
    write_two();
    { tests::app(db()).run("UPDATE stream SET txid=txid+1 WHERE name='one.db'"); }
    EXPECT_EQ(engine::read_state(dir.file("state")).error().code, io::errc::corrupt);
    auto store = open();
    ASSERT_TRUE(store.has_value()) << store.error().context;
    EXPECT_NE((*store)->damage(), "");
    EXPECT_FALSE((*store)->find("one.db").has_value());
    ASSERT_TRUE((*store)->find("two.db").has_value());
    expect_same(*(*store)->find("two.db"), every_field("two.db"));
    EXPECT_EQ((*store)->objects("two.db").size(), 1U);
    ASSERT_TRUE(world.run((*store)->flush()).has_value());
    store->reset();
    auto again = open();
    EXPECT_EQ((*again)->damage(), "");
    EXPECT_EQ((*again)->all().size(), 1U);
    EXPECT_EQ((*again)->objects("two.db").size(), 1U);
}

TEST_F(state_store, A10_a_flipped_bit_anywhere_never_gives_a_row_that_was_not_written) {
    write_two();
    { tests::app(db()).run("PRAGMA wal_checkpoint(TRUNCATE)"); }
    const io::bytes whole = tests::slurp(db());
    std::size_t told = 0;
    for (std::size_t at = 0; at < whole.size(); at += at < 112 ? 1 : 331) {
        io::bytes bad = whole;
        bad[at] = static_cast<std::uint8_t>(bad[at] ^ (1U << (at % 8)));
        std::filesystem::remove_all(dir.file("state"));
        std::filesystem::create_directories(dir.file("state"));
        tests::spill(db(), bad);
        auto store = open();
        ASSERT_TRUE(store.has_value()) << at << ": " << store.error().context;
        const std::size_t left = (*store)->all().size();
        for (const auto& row : (*store)->all()) expect_same(row, every_field(row.stream));
        EXPECT_TRUE(left == 2 || !(*store)->damage().empty()) << at << " forgotten quietly";
        told += !(*store)->damage().empty();
        (*store)->put(every_field("three.db"));
        ASSERT_TRUE(world.run((*store)->flush()).has_value()) << at;
    }
    EXPECT_GT(told, 20U);
}

TEST_F(state_store, A10_a_file_cut_anywhere_never_gives_a_row_that_was_not_written) {
    write_two();
    { tests::app(db()).run("PRAGMA wal_checkpoint(TRUNCATE)"); }
    const io::bytes whole = tests::slurp(db());
    for (std::size_t length = 1; length < whole.size(); length += 1021) {
        std::filesystem::remove_all(dir.file("state"));
        std::filesystem::create_directories(dir.file("state"));
        tests::spill(db(), io::bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(length)));
        auto store = open();
        ASSERT_TRUE(store.has_value()) << length << ": " << store.error().context;
        EXPECT_TRUE(length < 512 || !(*store)->damage().empty()) << length;  // to SQLite less than a header is nothing at all
        for (const auto& row : (*store)->all()) expect_same(row, every_field(row.stream));
    }
}

TEST_F(state_store, F9_a_refused_object_is_remembered_and_one_on_its_way_is_not) {
    engine::object_row failed = a_failed_object();
    {
        auto store = open();
        (*store)->put("app.db", failed);
        engine::object_row pending = failed;
        pending.name.range = {8, 8};
        pending.state = engine::object_row::fate::pending;
        (*store)->put("app.db", pending);
        ASSERT_TRUE(world.run((*store)->flush()).has_value());
    }
    EXPECT_EQ(tests::app(db()).text("SELECT count(*) FROM object"), "2");
    auto store = open();
    EXPECT_EQ((*store)->objects("app.db"), (std::vector<engine::object_row>{failed}));
    EXPECT_TRUE((*store)->objects("app").empty());
    (*store)->drop("app.db", failed.name);
    ASSERT_TRUE(world.run((*store)->flush()).has_value());
    EXPECT_EQ(tests::app(db()).text("SELECT count(*) FROM object"), "0");
}

TEST_F(state_store, an_object_that_came_and_went_between_two_ticks_is_never_written) {
    auto store = open();
    { tests::app(db()).run("CREATE TRIGGER no BEFORE INSERT ON object BEGIN SELECT RAISE(FAIL, 'written'); END"); }
    (*store)->put("app.db", a_failed_object());
    (*store)->drop("app.db", a_failed_object().name);
    EXPECT_TRUE(world.run((*store)->flush()).has_value());
}

TEST_F(state_store, an_object_whose_flush_failed_is_written_or_removed_by_the_next) {
    auto store = open();
    { tests::app(db()).run("CREATE TRIGGER no BEFORE INSERT ON object BEGIN SELECT RAISE(FAIL, 'the disk is full'); END"); }
    (*store)->put("app.db", a_failed_object());
    EXPECT_FALSE(world.run((*store)->flush()).has_value());
    { tests::app(db()).run("DROP TRIGGER no"); }
    ASSERT_TRUE(world.run((*store)->flush()).has_value());
    EXPECT_EQ(tests::app(db()).text("SELECT count(*) FROM object"), "1");
    { tests::app(db()).run("CREATE TRIGGER no BEFORE DELETE ON object BEGIN SELECT RAISE(FAIL, 'the disk is full'); END"); }
    (*store)->drop("app.db", a_failed_object().name);
    EXPECT_FALSE(world.run((*store)->flush()).has_value());
    { tests::app(db()).run("DROP TRIGGER no"); }
    ASSERT_TRUE(world.run((*store)->flush()).has_value());
    EXPECT_EQ(tests::app(db()).text("SELECT count(*) FROM object"), "0");
}

TEST_F(state_store, a_directory_in_use_names_who_has_it) {
    auto first = open();
    auto second = open();
    ASSERT_FALSE(second.has_value());
    EXPECT_EQ(second.error().code, io::errc::held);
    EXPECT_NE(second.error().context.find("the test"), std::string::npos);
}

TEST_F(state_store, rows_whose_flush_failed_stay_marked) {
    auto store = open();
    (*store)->put(every_field("one.db"));
    tests::app(db()).run("CREATE TRIGGER full BEFORE INSERT ON stream BEGIN SELECT RAISE(FAIL, 'the disk is full'); END");
    auto failed = world.run((*store)->flush());
    ASSERT_FALSE(failed.has_value());
    EXPECT_NE(failed.error().context.find("the disk is full"), std::string::npos);
    engine::memo newer = every_field("two.db");
    (*store)->put(newer);
    tests::app(db()).run("DROP TRIGGER full");
    ASSERT_TRUE(world.run((*store)->flush()).has_value());
    EXPECT_EQ(engine::read_state(dir.file("state"))->size(), 2U);
}

TEST_F(state_store, a_row_put_during_a_failed_flush_is_not_overwritten_by_the_older_one) {
    auto store = open();
    engine::memo row = every_field("app.db");
    row.txid = 1;
    (*store)->put(row);
    tests::app(db()).run("CREATE TRIGGER full BEFORE INSERT ON stream BEGIN SELECT RAISE(FAIL, 'the disk is full'); END");
    std::optional<io::result<void>> failed;
    auto flush = [&]() -> io::task<void> { failed = co_await (*store)->flush(); };
    boost::asio::co_spawn(world.loop(), flush(), [](std::exception_ptr) {});
    world.loop().restart();
    world.loop().poll_one();  // the flush has begun
    row.txid = 2;
    (*store)->put(row);
    while (!failed) world.loop().run_one();
    ASSERT_FALSE(failed->has_value());
    tests::app(db()).run("DROP TRIGGER full");
    ASSERT_TRUE(world.run((*store)->flush()).has_value());
    EXPECT_EQ(engine::read_state(dir.file("state"))->at(0).row.txid, 2U);
}

TEST_F(state_store, reading_a_directory_that_no_engine_used_says_so) {
    const auto rows = engine::read_state(dir.file("nowhere"));
    ASSERT_FALSE(rows.has_value());
    EXPECT_EQ(rows.error().about, io::subject::usage);
    EXPECT_NE(rows.error().context.find("no flotilla watch"), std::string::npos);
}

}  // namespace
