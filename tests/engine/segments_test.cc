// Frames that a handoff copied to segments: shipped by whoever comes next, once and in order, or set aside with a word; whatever end the
// process came to.
#include <gtest/gtest.h>

#include <fstream>

#include "engine/key.h"
#include "io/hex.h"
#include "ltx/file_name.h"
#include "tests/engine/engine_world.h"
#include "tests/support/chain_builder.h"
#include "wal/shadow.h"

namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using tests::what;
using tests::write_fate;

class segments : public tests::engine_world {
protected:
    std::string folder() const { return dir.file("state/shadow/") + engine::local_id(store->url(), "app.db"); }
    std::vector<std::string> named(const std::string& part) const {
        std::vector<std::string> out;
        std::error_code none;
        for (const auto& each : fs::directory_iterator(folder(), none)) {
            if (each.path().string().find(part) != std::string::npos) out.push_back(each.path());
        }
        std::sort(out.begin(), out.end());
        return out;
    }
    std::vector<std::string> waiting() const {
        auto out = named("/0000");
        std::erase_if(out, [](const auto& path) { return path.find(".damaged-") != std::string::npos; });
        return out;
    }

    // Runs until the log was handed off with a tail, and the store takes nothing any more. The tail is `rows` rows.
    std::unique_ptr<tests::app> hand_off_with_a_tail(int rows = 1) {
        if (!fs::exists(db_path)) create();
        settings.drain_limit = 100ms;
        const std::size_t attached = count(what::attached);
        start();
        until([&] { return count(what::attached) > attached && count(what::snapshot) >= 1; });
        auto db = std::make_unique<tests::app>(db_path);
        // The object that fills the log is held up while more is committed: the handoff after it has a tail to take along.
        auto late = std::make_shared<bool>(false);
        store->before_put = [late, rows, app = db.get()](const std::string&) -> io::task<void> {
            if (!std::exchange(*late, true)) {
                for (int i = 0; i < rows; ++i) app->run("INSERT INTO t(x) VALUES('the tail " + std::to_string(i) + "')");
            }
            co_return;
        };
        store->on_put = [this](const std::string&) { return waiting().empty() ? write_fate{} : write_fate::refused(); };
        db->run("INSERT INTO t(x) VALUES(hex(randomblob(100000)))");
        until([&] { return count(what::handed_off) >= 1 && count(what::failing) >= 1; });
        EXPECT_EQ(waiting().size(), 1U);
        store->before_put = nullptr;
        return db;
    }
    // The process ends; what it wrote down at its end is not there, as after a SIGKILL at the time of keep_state().
    void kill() {
        running->stop();
        (void)refusal();
        bring_back_state();
        store->on_put = nullptr;
    }
    void expect_the_same() {
        EXPECT_EQ(tests::dump(restore()), tests::dump(db_path));
        expect_sound();
    }
    void run_to_the_end(tests::app& db) {
        const std::size_t attached = count(what::attached);
        start();
        until([&] { return count(what::attached) > attached; });
        db.run("INSERT INTO t(x) VALUES('after')");
        stop();
    }
};

TEST_F(segments, A5_a_tail_that_a_handoff_left_is_shipped_by_the_next_run) {
    auto db = hand_off_with_a_tail();
    const std::uint64_t txid = last(what::confirmed).txid;
    EXPECT_GT(running->status().at(0).shadow_bytes, 0U);
    running->stop();
    (void)refusal();
    store->on_put = nullptr;
    const std::size_t before = objects(0);
    start();
    until([&] { return count(what::attached) == 2; });
    EXPECT_EQ(objects(0), before + 1) << "the tail, and nothing else";
    EXPECT_EQ(last(what::confirmed).txid, txid + 1);
    until([&] { return waiting().empty(); });
    EXPECT_EQ(running->status().at(0).shadow_bytes, 0U);
    db->run("INSERT INTO t(x) VALUES('after')");
    stop();
    EXPECT_EQ(count(what::reanchored), 0U);
    expect_the_same();
}

TEST_F(segments, A5_the_tail_of_a_handoff_is_shipped_though_the_log_was_overwritten_meanwhile) {
    auto db = hand_off_with_a_tail();
    for (int i = 0; i < 3; ++i) db->run("INSERT INTO t(x) VALUES(hex(randomblob(200000)))");
    store->on_put = nullptr;
    until([&] { return waiting().empty(); });
    stop();
    EXPECT_EQ(count(what::reanchored), 0U);
    EXPECT_EQ(count(what::attached), 1U);
    expect_the_same();
}

// Killed at any time from the restart of the log on, the next process goes on without a comparison.
TEST_F(segments, A5_a_process_that_is_killed_with_a_tail_to_ship_costs_nothing) {
    auto db = hand_off_with_a_tail();
    keep_state();
    kill();
    run_to_the_end(*db);
    EXPECT_EQ(count(what::reanchored), 0U);
    EXPECT_EQ(objects(9), 1U) << "no other snapshot";
    EXPECT_TRUE(waiting().empty());
    expect_the_same();
}

// The tail is in the store, and what is remembered is of before: it is adopted, and nothing is uploaded twice.
TEST_F(segments, A10_a_tail_that_was_shipped_and_forgotten_is_adopted) {
    auto db = hand_off_with_a_tail(3);
    keep_state();
    store->on_put = nullptr;
    const std::size_t before = objects(0);
    until([&] { return objects(0) == before + 1; });
    stop();
    bring_back_state();
    ASSERT_FALSE(waiting().empty());
    run_to_the_end(*db);
    EXPECT_EQ(count(what::reanchored), 0U);
    EXPECT_EQ(objects(0), before + 2);
    EXPECT_EQ(objects(9), 1U);
    EXPECT_TRUE(waiting().empty());
    expect_the_same();
}

// And objects after it, of the log that follows.
TEST_F(segments, A10_what_was_shipped_after_the_tail_and_forgotten_is_adopted) {
    auto db = hand_off_with_a_tail();
    keep_state();
    store->on_put = nullptr;
    const std::size_t before = objects(0);
    until([&] { return objects(0) == before + 1; });
    db->run("INSERT INTO t(x) VALUES('in the next generation')");
    until([&] { return objects(0) == before + 2; });
    stop();
    bring_back_state();
    run_to_the_end(*db);
    EXPECT_EQ(count(what::reanchored), 0U);
    EXPECT_EQ(objects(0), before + 3);
    EXPECT_TRUE(waiting().empty());
    expect_the_same();
}

// A point in time is when something was committed, not when the store took it at last.
TEST_F(segments, A9_what_a_segment_holds_is_of_the_time_when_it_was_copied) {
    auto db = hand_off_with_a_tail();
    const std::int64_t copied_ms = world.env.time.wall_ms();
    const std::uint64_t txid = last(what::confirmed).txid + 1;
    keep_state();
    kill();
    for (const auto& path : waiting()) ASSERT_TRUE(files.set_modified(path, copied_ms - 1000).has_value());  // a while ago
    run_to_the_end(*db);
    const io::bytes object = tests::slurp(dir.file("store/") + engine::object_key(store->layout(), "app.db", 0, {txid, txid}));
    const auto before = ltx::decode_header(tests::slurp(dir.file("store/") + engine::object_key(store->layout(), "app.db", 0, {txid - 1, txid - 1})));
    EXPECT_EQ(ltx::decode_header(object)->timestamp_ms, std::max(copied_ms - 1000, before->timestamp_ms));
    expect_the_same();
}

// A tail is divided where the size limit says.
TEST_F(segments, a_segment_makes_objects_of_the_size_that_was_set) {
    settings.targets[0].settings.batch_bytes = 10'000;
    auto db = hand_off_with_a_tail(100);
    const std::size_t before = objects(0);
    store->on_put = nullptr;
    until([&] { return waiting().empty(); });
    EXPECT_GT(objects(0), before + 3);
    stop();
    expect_the_same();
}

// The process died while it copied: the log was not restarted, and has everything.
TEST_F(segments, E1_a_copy_that_was_cut_off_by_the_end_is_healed_and_nothing_is_told) {
    auto db = hand_off_with_a_tail(3);
    keep_state();
    kill();
    const std::string path = waiting().at(0);
    const io::bytes whole = tests::slurp(path);
    // As it was before the seal, and without its last bytes.
    io::bytes torn(whole.begin(), whole.end() - 1000);
    std::fill_n(torn.begin() + wal::seal_offset, wal::segment_header_size - wal::seal_offset, std::uint8_t{0});
    tests::spill(path, torn);
    run_to_the_end(*db);
    EXPECT_EQ(count(what::corruption), 0U);
    EXPECT_EQ(count(what::reanchored), 1U) << "the log goes on elsewhere: here it was restarted after all";
    EXPECT_TRUE(waiting().empty());
    expect_the_same();
}

// Damaged, cut off, gone, of another stream: told, set aside, and the database says what is missing.
TEST_F(segments, A12_a_segment_that_is_not_what_was_written_is_never_shipped) {
    auto db = hand_off_with_a_tail(3);
    keep_state();
    running->stop();
    (void)refusal();
    store->on_put = nullptr;
    fs::remove_all(dir.file("store-kept"));
    fs::copy(dir.file("store"), dir.file("store-kept"), fs::copy_options::recursive);
    const io::bytes whole = tests::slurp(waiting().at(0));
    for (const char* how : {"bit in a frame", "bit in the header", "shorter", "of another stream", "gone"}) {
        bring_back_state();
        fs::remove_all(dir.file("store"));
        fs::copy(dir.file("store-kept"), dir.file("store"), fs::copy_options::recursive);
        const std::string path = waiting().at(0);
        io::bytes bad = whole;
        if (how == std::string("bit in a frame")) bad[wal::segment_header_size + 5000] ^= 1U;
        if (how == std::string("bit in the header")) bad[60] ^= 1U;
        if (how == std::string("shorter")) bad.resize(bad.size() - 4120);
        if (how == std::string("of another stream")) {
            auto front = wal::decode_segment(bad);
            front->head.stream ^= 1U;
            auto head = wal::encode_segment(front->head);
            wal::encode_seal(*front->seal, head);
            std::copy(head.begin(), head.end(), bad.begin());
        }
        tests::spill(path, bad);
        if (how == std::string("gone")) fs::remove(path);
        const std::size_t told = count(what::corruption);
        const std::size_t reanchored = count(what::reanchored);
        run_to_the_end(*db);
        EXPECT_EQ(count(what::corruption), told + (how == std::string("gone") ? 0 : 1)) << how;
        EXPECT_EQ(count(what::reanchored), reanchored + 1) << how;
        EXPECT_EQ(named(".damaged-").size(), how == std::string("gone") ? 0U : 1U) << how;
        EXPECT_TRUE(waiting().empty()) << how;
        expect_the_same();
    }
}

// The first of two is lost, and what is remembered is older than both: the second one follows something else than the store's newest object.
TEST_F(segments, A5_a_segment_behind_one_that_is_lost_is_never_taken_for_the_next) {
    create();
    start();
    until([&] { return count(what::snapshot) == 1; });
    stop();
    fs::copy_file(dir.file("state/state.db"), dir.file("old.db"));
    auto db = hand_off_with_a_tail();
    keep_state();
    const engine::memo known = running->status().at(0);
    kill();
    wal::log_reader log(files, db_path + "-wal");
    auto head = log.open();
    const wal::position from = wal::start_of(**head);
    db->run("INSERT INTO t(x) VALUES('spilled')");
    const std::uint64_t end = log.read(from, UINT64_MAX, UINT64_MAX)->batch.end().offset;
    {
        auto there = wal::shadow::open(files, folder(), *io::parse_hex16(engine::local_id(store->url(), "app.db")), 0);
        ASSERT_EQ(there->segments.segments().size(), 1U);
        ASSERT_TRUE(there->segments.append(log, {known.txid, known.post, known.page_count}, from, end).has_value());
    }
    ASSERT_EQ(waiting().size(), 2U);
    fs::remove(waiting().front());
    for (const char* tail : {"-wal", "-shm", "-journal"}) fs::remove(dir.file("state/state.db") + tail);
    fs::copy_file(dir.file("old.db"), dir.file("state/state.db"), fs::copy_options::overwrite_existing);
    const std::uint64_t before = objects(0);
    run_to_the_end(*db);
    EXPECT_EQ(count(what::reanchored), 1U);
    EXPECT_GT(objects(0), before);
    EXPECT_EQ(named(".damaged-").size(), 1U);
    expect_the_same();
}

// The memo is written behind: what the tail says that it follows counts, where the store agrees.
TEST_F(segments, A5_a_memo_that_is_older_than_the_tail_costs_nothing) {
    create();
    start();
    until([&] { return count(what::snapshot) == 1; });
    stop();
    fs::copy_file(dir.file("state/state.db"), dir.file("old.db"));
    auto db = hand_off_with_a_tail();
    keep_state();
    kill();
    for (const char* tail : {"-wal", "-shm", "-journal"}) fs::remove(dir.file("state/state.db") + tail);
    fs::copy_file(dir.file("old.db"), dir.file("state/state.db"), fs::copy_options::overwrite_existing);
    run_to_the_end(*db);
    EXPECT_EQ(count(what::reanchored), 0U);
    EXPECT_EQ(count(what::corruption), 0U);
    EXPECT_TRUE(waiting().empty());
    expect_the_same();
}

// Sound segments, but not of what is in the store.
TEST_F(segments, B13_a_segment_that_does_not_follow_the_stores_head_is_never_shipped) {
    create();
    start();
    until([&] { return count(what::attached) == 1 && count(what::snapshot) == 1; });
    tests::app db(db_path);
    db.run("INSERT INTO t(x) VALUES('one')");
    stop();
    const std::size_t before = objects(0);
    create_at(dir.file("other.db"), "INSERT INTO t(x) VALUES('not ours')");
    tests::app other(dir.file("other.db"));
    other.run("INSERT INTO t(x) VALUES('not ours either')");
    wal::log_reader log(files, dir.file("other.db-wal"));
    auto head = log.open();
    const wal::position from = wal::start_of(**head);
    const std::uint64_t end = log.read(from, UINT64_MAX, UINT64_MAX)->batch.end().offset;
    auto made = wal::shadow::open(files, folder(), *io::parse_hex16(engine::local_id(store->url(), "app.db")), 0);
    ASSERT_TRUE(made->segments.append(log, {1, 2, 3}, from, end).has_value());
    start();
    until([&] { return count(what::attached) == 2; });
    stop();
    EXPECT_TRUE(waiting().empty());
    EXPECT_EQ(named(".damaged-").size(), 1U);
    EXPECT_EQ(count(what::corruption), 1U);
    EXPECT_EQ(objects(0), before);
    EXPECT_EQ(count(what::reanchored), 0U) << "the log goes on where the stream ended";
    expect_the_same();
}

// Without the sums there is no checksum for what the segments hold: all pages are shipped, and nothing wrong.
TEST_F(segments, A6_without_page_sums_no_checksum_is_made_up) {
    auto db = hand_off_with_a_tail();
    keep_state();
    kill();
    fs::remove_all(dir.file("state/sums"));
    run_to_the_end(*db);
    EXPECT_EQ(count(what::reanchored), 1U);
    EXPECT_EQ(named(".damaged-").size(), 1U);
    expect_the_same();
}

// Another writer has the stream: our segments are not touched.
TEST_F(segments, A10_segments_of_a_stream_that_was_overtaken_stay_as_they_are) {
    auto db = hand_off_with_a_tail();
    const std::uint64_t txid = last(what::confirmed).txid;
    running->stop();
    (void)refusal();
    store->on_put = nullptr;
    tests::chain_builder chain;
    for (std::uint64_t i = 0; i < txid + 1; ++i) chain.commit_page(3, static_cast<std::uint8_t>(i));
    tests::spill(dir.file("store/") + engine::object_key(store->layout(), "app.db", 0, {txid + 1, txid + 1}), chain.file(txid + 1, txid + 1));
    start();
    until([&] { return count(what::stopped) == 1; });
    EXPECT_EQ(waiting().size(), 1U);
    EXPECT_TRUE(named(".damaged-").empty());
    running->stop();
    (void)refusal();
}

}  // namespace
