// A store that refuses an object for good: the stream halts, nothing is shipped around the hole, and the same bytes go out later.
#include <filesystem>

#include "engine/key.h"
#include "engine/state_store.h"
#include "ltx/file_name.h"
#include "tests/engine/engine_world.h"
#include "tests/support/chain_builder.h"

namespace {

using namespace std::chrono_literals;
using tests::what;
using tests::write_fate;

class halt : public tests::engine_world {
protected:
    bool denied = true;

    void deny(const std::string& stream = "app.db") {
        store->on_put = [this, stream](const std::string& key) {
            return denied && key.starts_with(stream + "/ltx/") ? write_fate::refused(io::errc::access_denied) : write_fate{};
        };
    }
    std::vector<std::string> cached() const {
        std::vector<std::string> out;
        std::error_code none;
        for (const auto& e : std::filesystem::recursive_directory_iterator(dir.file("state/cache"), none)) {
            if (e.is_regular_file()) out.push_back(e.path().string());
        }
        return out;
    }
    std::string in_store(std::uint64_t txid) const {
        return dir.file("store/") + engine::object_key(store->layout(), "app.db", 0, {txid, txid});
    }
    std::vector<engine::object_row> rows() const { return engine::read_state(dir.file("state"))->at(0).objects; }
    io::result<std::uint64_t> retry(const std::string& stream = "app.db") {
        std::optional<io::result<std::uint64_t>> answer;
        auto ask = [&]() -> io::task<void> { answer = co_await running->retry(stream); };
        boost::asio::co_spawn(world.loop(), ask(), boost::asio::detached);
        until([&] { return answer.has_value(); });
        return answer ? *answer : io::error{io::errc::timed_out, io::subject::general, "no answer"};
    }
    // Attached, one commit refused: TXID `hole`.
    void halted_stream(tests::app& db) {
        start();
        until([&] { return count(what::attached) == 1; });
        hole = running->status().at(0).txid + 1;
        deny();
        db.run("INSERT INTO t(x) VALUES('refused')");
        until([&] { return count(what::halted) == 1; });
    }
    // Whoever mends the store does so when he is told of the halt, and asks for a retry at once: `answered`.
    void mend_and_retry_when_told() {
        running->on_event([this](const engine::event& e) {
            events.push_back(e);
            if (e.kind != what::halted) return;
            denied = false;
            boost::asio::co_spawn(world.loop(), ask(), boost::asio::detached);
        });
    }
    io::task<void> ask() { answered = co_await running->retry("app.db"); }
    std::optional<io::result<std::uint64_t>> answered;
    std::uint64_t hole = 0;
};

TEST_F(halt, A11_nothing_is_shipped_around_a_refused_object_and_a_retry_ships_the_very_same_bytes) {
    create();
    tests::app db(db_path);
    halted_stream(db);
    ASSERT_EQ(cached().size(), 1U);
    const io::bytes kept = tests::slurp(cached().at(0));
    EXPECT_EQ(ltx::decode_header(kept)->range(), (engine::txid_range{hole, hole}));
    EXPECT_EQ(running->status().at(0).state, "halted");
    EXPECT_EQ(count(what::upload_failed), 1U);
    const std::size_t puts = store->puts.size();
    for (int i = 0; i < 3; ++i) db.run("INSERT INTO t(x) VALUES('behind the hole')");
    const auto still = retry();
    ASSERT_FALSE(still.has_value());
    EXPECT_EQ(still.error().code, io::errc::access_denied);
    EXPECT_EQ(store->puts.size(), puts + 1) << "tried again by the retry, and by nothing else";
    EXPECT_EQ(store->puts.back(), engine::object_key(store->layout(), "app.db", 0, {hole, hole}));
    EXPECT_EQ(running->status().at(0).txid, hole - 1);
    EXPECT_EQ(count(what::halted), 1U) << "told once an episode";
    denied = false;
    db.run("INSERT INTO t(x) VALUES('one more')");
    const auto done = retry();
    ASSERT_TRUE(done.has_value()) << done.error().context;
    EXPECT_EQ(*done, hole);
    EXPECT_EQ(count(what::recovered), 1U);
    EXPECT_EQ(tests::slurp(in_store(hole)), kept);
    until([&] { return running->status().at(0).txid > hole; });
    EXPECT_EQ(running->status().at(0).state, "streaming");
    EXPECT_TRUE(cached().empty());
    stop();
    EXPECT_TRUE(rows().empty());
    EXPECT_EQ(count(what::reanchored), 0U);
    EXPECT_EQ(tests::dump(restore()), tests::dump(db_path));
    expect_sound();
}

TEST_F(halt, who_asks_for_a_retry_when_told_of_the_halt_gets_one) {
    create();
    tests::app db(db_path);
    start();
    mend_and_retry_when_told();
    until([&] { return count(what::attached) == 1; });
    deny();
    db.run("INSERT INTO t(x) VALUES('refused')");
    until([&] { return answered.has_value(); });
    ASSERT_TRUE(answered && answered->has_value()) << (*answered).error().context;
    EXPECT_EQ(count(what::recovered), 1U);
    stop();
    EXPECT_EQ(tests::dump(restore()), tests::dump(db_path));
}

// There the refused object ends the attach.
TEST_F(halt, who_asks_for_a_retry_when_told_of_a_halt_at_the_start_gets_one) {
    create();
    tests::app db(db_path);
    halted_stream(db);
    running->stop();
    (void)refusal();
    start();
    mend_and_retry_when_told();
    until([&] { return answered.has_value(); });
    ASSERT_TRUE(answered && answered->has_value()) << (*answered).error().context;
    EXPECT_EQ(**answered, hole);
    EXPECT_EQ(count(what::recovered), 1U);
    stop();
    EXPECT_EQ(tests::dump(restore()), tests::dump(db_path));
}

TEST_F(halt, F9_a_refused_object_survives_a_restart_is_visible_and_tried_again_at_the_start) {
    create();
    tests::app db(db_path);
    halted_stream(db);
    const io::bytes kept = tests::slurp(cached().at(0));
    running->stop();
    EXPECT_EQ(refusal().about, io::subject::store);
    ASSERT_EQ(rows().size(), 1U);
    EXPECT_EQ(rows().at(0).state, engine::object_row::fate::failed);
    EXPECT_EQ(rows().at(0).name.range, (engine::txid_range{hole, hole}));
    EXPECT_EQ(rows().at(0).attempts, 1U);
    EXPECT_NE(rows().at(0).error.find("spoilt by the test"), std::string::npos);
    EXPECT_EQ(rows().at(0).size, kept.size());
    EXPECT_EQ(dir.file("state/" + rows().at(0).file), cached().at(0));
    db.run("INSERT INTO t(x) VALUES('while nobody watched')");
    store->puts.clear();
    start();
    until([&] { return count(what::halted) == 2; });
    std::erase_if(store->puts, [](const std::string& key) { return !key.ends_with(".ltx"); });
    EXPECT_EQ(store->puts.size(), 1U);
    EXPECT_EQ(running->status().at(0).state, "halted");
    running->stop();
    (void)refusal();
    EXPECT_EQ(rows().at(0).attempts, 2U);
    EXPECT_EQ(tests::slurp(cached().at(0)), kept);
    denied = false;
    start();
    until([&] { return count(what::attached) == 2; });
    EXPECT_EQ(tests::slurp(in_store(hole)), kept);
    db.run("INSERT INTO t(x) VALUES('after')");
    stop();
    EXPECT_TRUE(cached().empty());
    EXPECT_TRUE(rows().empty());
    EXPECT_EQ(count(what::reanchored), 0U);
    EXPECT_EQ(tests::dump(restore()), tests::dump(db_path));
    expect_sound();
}

TEST_F(halt, F9_a_stream_that_is_still_halted_after_a_restart_goes_on_by_a_retry) {
    create();
    tests::app db(db_path);
    halted_stream(db);
    const io::bytes kept = tests::slurp(cached().at(0));
    running->stop();
    (void)refusal();
    start();
    until([&] { return count(what::halted) == 2; });
    EXPECT_FALSE(retry().has_value());
    denied = false;
    const auto done = retry();
    ASSERT_TRUE(done.has_value()) << done.error().context;
    EXPECT_EQ(tests::slurp(in_store(hole)), kept);
    EXPECT_EQ(count(what::recovered), 1U);
    db.run("INSERT INTO t(x) VALUES('after')");
    stop();
    EXPECT_EQ(tests::dump(restore()), tests::dump(db_path));
    expect_sound();
}

TEST_F(halt, A12_a_refused_object_is_durable_with_its_name_when_it_is_told) {
    create();
    tests::app db(db_path);
    halted_stream(db);
    std::vector<std::string> calls;  // of the object's file and its folder
    const std::string folder = std::filesystem::path(cached().at(0)).parent_path().string();
    for (const auto& call : files.calls()) {
        if (call.find(folder) != std::string::npos) calls.push_back(call.substr(0, call.find(' ')));
    }
    const auto at = [&](const char* name) { return std::find(calls.begin(), calls.end(), name) - calls.begin(); };
    EXPECT_LT(at("write"), at("sync"));
    EXPECT_LT(at("sync"), at("rename"));
    EXPECT_LT(at("rename"), at("sync_directory"));
    EXPECT_EQ(calls.back(), "sync_directory");
    denied = false;
    EXPECT_TRUE(retry().has_value());
    stop();
}

TEST_F(halt, A12_cached_bytes_that_changed_on_disk_are_never_uploaded) {
    create();
    tests::app db(db_path);
    halted_stream(db);
    running->stop();
    (void)refusal();
    io::bytes bad = tests::slurp(cached().at(0));
    bad[bad.size() / 2] = static_cast<std::uint8_t>(bad[bad.size() / 2] ^ 1U);
    tests::spill(cached().at(0), bad);
    denied = false;
    start();
    until([&] { return count(what::attached) == 2; });
    EXPECT_EQ(count(what::corruption), 1U);
    EXPECT_TRUE(cached().empty());
    db.run("INSERT INTO t(x) VALUES('after')");
    stop();
    EXPECT_NE(tests::slurp(in_store(hole)), bad);
    EXPECT_TRUE(rows().empty());
    EXPECT_EQ(tests::dump(restore()), tests::dump(db_path));
    expect_sound();
}

TEST_F(halt, F9_a_refused_object_whose_local_file_is_gone_is_loud_and_mended) {
    create();
    tests::app db(db_path);
    halted_stream(db);
    running->stop();
    (void)refusal();
    std::filesystem::remove_all(dir.file("state/cache"));
    denied = false;
    start();
    until([&] { return count(what::attached) == 2; });
    EXPECT_EQ(count(what::corruption), 1U);
    db.run("INSERT INTO t(x) VALUES('after')");
    stop();
    EXPECT_TRUE(rows().empty());
    EXPECT_EQ(tests::dump(restore()), tests::dump(db_path));
    expect_sound();
}

TEST_F(halt, B13_B14_a_cached_object_that_is_not_the_next_of_this_stream_is_never_shipped) {
    create();
    start();
    until([&] { return count(what::attached) == 1; });
    tests::app db(db_path);
    db.run("INSERT INTO t(x) VALUES('one')");
    stop();
    const std::size_t before = objects(0);
    // Sound objects all of them, but of another writer, of one that is too far ahead, of another TXID than their name's.
    tests::chain_builder chain;
    for (std::uint8_t i = 0; i < 9; ++i) chain.commit_page(3, i);
    const std::string folder = dir.file("state/cache/") + engine::local_id(store->url(), "app.db") + "/0/";
    std::filesystem::create_directories(folder);
    std::size_t told = 0;
    for (const auto& [named, is] : {std::pair{3U, 3U}, {9U, 9U}, {3U, 4U}}) {
        const std::string path = folder + ltx::format_name(named, named);
        tests::spill(path, chain.file(is, is));
        const std::size_t attached = count(what::attached);
        start();
        until([&] { return count(what::attached) > attached; });
        stop();
        EXPECT_FALSE(std::filesystem::exists(path));
        EXPECT_EQ(objects(0), before);
        EXPECT_EQ(count(what::corruption), ++told);
    }
    EXPECT_EQ(count(what::reanchored), 0U);
    expect_sound();
}

TEST_F(halt, A11_the_first_snapshot_that_is_refused_halts_the_stream_and_is_made_anew) {
    create("INSERT INTO t(x) VALUES('one')");
    deny();
    start();
    until([&] { return count(what::halted) == 1; });
    EXPECT_TRUE(cached().empty()) << "an image is made anew";
    EXPECT_EQ(objects(9), 0U);
    tests::app db(db_path);
    db.run("INSERT INTO t(x) VALUES('two')");
    EXPECT_FALSE(retry().has_value());
    denied = false;
    EXPECT_TRUE(retry().has_value());
    EXPECT_EQ(count(what::attached), 1U);
    stop();
    EXPECT_TRUE(rows().empty());
    EXPECT_EQ(tests::dump(restore()), tests::dump(db_path));
    expect_sound();
}

TEST_F(halt, a_retry_of_a_stream_that_is_not_halted_says_how_far_it_is) {
    create();
    start();
    until([&] { return count(what::attached) == 1; });
    EXPECT_EQ(*retry(), running->status().at(0).txid);
    EXPECT_EQ(retry("nothing.db").error().code, io::errc::not_found);
    stop();
}

TEST_F(halt, a_tenant_whose_key_is_denied_is_not_noticed_by_the_others) {
    const std::string data = watch_directory();
    for (const char* name : {"a.db", "b.db", "c.db"}) create_at(data + "/" + name);
    start();
    until([&] { return count(what::attached) == 3; });
    deny("a.db");
    tests::app a(data + "/a.db");
    a.run("INSERT INTO t(x) VALUES('refused')");
    until([&] { return count(what::halted, "a.db") == 1; });
    for (const std::string name : {"b.db", "c.db"}) {
        tests::app db(data + "/" + name);
        for (int i = 0; i < 3; ++i) {
            const std::size_t before = count(what::confirmed, name);
            db.run("INSERT INTO t(x) VALUES('goes on')");
            until([&] { return count(what::confirmed, name) > before; });
        }
        EXPECT_EQ(count(what::failing, name) + count(what::halted, name) + count(what::detached, name), 0U);
        EXPECT_EQ(tests::dump(restore({}, name)), tests::dump(data + "/" + name));
    }
    denied = false;
    EXPECT_TRUE(retry("a.db").has_value());
    stop();
    EXPECT_EQ(tests::dump(restore({}, "a.db")), tests::dump(data + "/a.db"));
}

// Each of those that are refused lists as much of its log as one stream may: an eighth of what there is for all.
TEST_F(halt, A11_tenants_whose_objects_are_refused_do_not_stop_the_others_whatever_their_size) {
    settings.memory_bytes = 32U << 20U;
    const std::string data = watch_directory();
    std::vector<std::string> bad;
    for (const char digit : std::string("123456789")) bad.push_back(std::string("bad-") + digit + ".db");
    for (const auto& name : bad) {
        tests::app db(data + "/" + name);
        db.run("PRAGMA page_size=512; PRAGMA journal_mode=WAL; CREATE TABLE t(id INTEGER PRIMARY KEY, x TEXT)");
    }
    create_at(data + "/good.db");
    start();
    until([&] { return count(what::attached) == bad.size() + 1 && count(what::snapshot) == bad.size() + 1; });
    store->on_put = [this](const std::string& key) { return denied && key.starts_with("bad-") ? write_fate::refused(io::errc::access_denied) : write_fate{}; };
    for (const auto& name : bad) {
        tests::app(data + "/" + name).run("INSERT INTO t(x) VALUES(zeroblob(4500000))");
        until([&] { return count(what::halted, name) == 1; });
    }
    const std::size_t before = count(what::confirmed, "good.db");
    tests::app good(data + "/good.db");
    good.run("INSERT INTO t(x) VALUES('goes on')");
    until([&] { return count(what::confirmed, "good.db") > before; });
    for (const auto& one : running->status()) EXPECT_EQ(one.state, one.stream == "good.db" ? "streaming" : "halted") << one.stream;
    for (const auto& name : bad) tests::app(data + "/" + name).run("INSERT INTO t(x) VALUES('behind the hole')");
    denied = false;
    for (const auto& name : bad) {
        const auto done = retry(name);
        EXPECT_TRUE(done.has_value()) << name << ": " << done.error().context;
    }
    until([&] { return count(what::recovered) == bad.size(); });
    stop();
    bad.emplace_back("good.db");
    for (const auto& name : bad) EXPECT_EQ(tests::dump(restore({}, name)), tests::dump(data + "/" + name)) << name;
}

}  // namespace
