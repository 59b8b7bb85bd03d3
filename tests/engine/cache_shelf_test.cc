// Copies of shipped objects on local disk: those of the store, no more than may be, and the right ones.
#include <array>
#include <atomic>
#include <filesystem>
#include <map>

#include "engine/cache_plan.h"
#include "engine/state_store.h"
#include "ltx/file_name.h"
#include "tests/engine/engine_world.h"
#include "tests/support/chain_builder.h"

namespace {

using namespace std::chrono_literals;
using tests::what;

class cache_shelf : public tests::engine_world {
protected:
    // Level and file name, to the file's bytes.
    std::map<std::string, io::bytes> copies() const {
        std::map<std::string, io::bytes> out;
        std::error_code none;
        for (const auto& e : std::filesystem::recursive_directory_iterator(dir.file("state/cache"), none)) {
            if (e.is_regular_file()) out[e.path().parent_path().filename().string() + "/" + e.path().filename().string()] = tests::slurp(e.path().string());
        }
        return out;
    }
    std::uint64_t bytes() const {
        std::uint64_t n = 0;
        for (const auto& [name, copy] : copies()) n += copy.size();
        return n;
    }
    void commit(tests::app& db, int size = 20000) {
        const std::size_t before = count(what::confirmed);
        db.run("INSERT INTO t(x) VALUES(hex(randomblob(" + std::to_string(size) + ")))");
        until([&] { return count(what::confirmed) > before; });
    }
    void snapshot() {
        std::optional<io::result<std::uint64_t>> made;
        auto ask = [&]() -> io::task<void> { made = co_await running->snapshot("app.db"); };
        boost::asio::co_spawn(world.loop(), ask(), boost::asio::detached);
        until([&] { return made.has_value(); });
    }
    void expect_copies_of_the_store() const {
        for (const auto& [name, copy] : copies()) EXPECT_EQ(copy, tests::slurp(dir.file("store/app.db/ltx/" + name))) << name;
    }
};

TEST_F(cache_shelf, what_was_shipped_is_kept_as_it_is_in_the_store_and_known_after_a_restart) {
    settings.cache_bytes = 100U << 20U;
    create();
    start();
    until([&] { return count(what::attached) == 1; });
    tests::app db(db_path);
    for (int i = 0; i < 3; ++i) commit(db);
    stop();
    EXPECT_EQ(copies().size(), objects(0) + objects(9));
    expect_copies_of_the_store();
    const auto rows = engine::read_state(dir.file("state"))->at(0).objects;
    EXPECT_EQ(rows.size(), copies().size());
    for (const auto& row : rows) EXPECT_EQ(row.state, engine::object_row::fate::uploaded);
    const auto before = copies();
    start();
    until([&] { return count(what::attached) == 2; });
    stop();
    EXPECT_EQ(copies(), before);
    settings.cache_bytes = 0;
    start();
    until([&] { return count(what::attached) == 3; });
    stop();
    EXPECT_TRUE(copies().empty()) << "no longer wanted";
    EXPECT_TRUE(engine::read_state(dir.file("state"))->at(0).objects.empty());
}

TEST_F(cache_shelf, by_default_nothing_is_written_per_commit) {
    create();
    start();
    until([&] { return count(what::attached) == 1; });
    tests::app db(db_path);
    commit(db);
    files.forget();
    for (int i = 0; i < 3; ++i) commit(db, 10);
    for (const auto& call : files.calls()) EXPECT_EQ(call.find(dir.file("state/cache")), std::string::npos) << call;
    stop();
    EXPECT_TRUE(engine::read_state(dir.file("state"))->at(0).objects.empty());
}

// A large object, so that its pages are read from the log again each time that it is encoded.
TEST_F(cache_shelf, an_object_that_is_kept_is_read_and_encoded_no_more_often_than_one_that_is_not) {
    create();
    tests::app db(db_path);
    db.run("PRAGMA wal_autocheckpoint=0");
    std::array<std::atomic<int>, 2> reads{};
    for (const std::size_t kept : {0U, 1U}) {
        settings.cache_bytes = kept << 30U;
        start();
        until([&] { return count(what::attached) == kept + 1; });
        files.spoil = [&, kept](const std::string& call, const std::string& path) {
            reads.at(kept) += call == "read" && path == db_path + "-wal";
            return 0;
        };
        commit(db, 10'000'000);
        files.spoil = nullptr;
        const std::string newest = "0/" + ltx::format_name(last(what::confirmed).txid, last(what::confirmed).txid);
        if (kept != 0) until([&] { return copies().contains(newest); });
        stop();
    }
    EXPECT_GT(reads.at(0), 100);
    EXPECT_LT(reads.at(1), reads.at(0) + reads.at(0) / 4);
    expect_copies_of_the_store();
}

TEST_F(cache_shelf, F8_the_newest_snapshot_and_what_comes_after_it_stay_and_the_limit_is_kept) {
    settings.cache_bytes = 400'000;
    settings.targets[0].settings.checkpoint_bytes = 64U << 20U;
    create();
    start();
    until([&] { return count(what::attached) == 1; });
    tests::app db(db_path);
    // Captures of 40 KB until nothing more may go: the first snapshot and what followed it stay.
    for (int i = 0; i < 14; ++i) {
        commit(db);
        until([&] { return bytes() <= settings.cache_bytes; });
    }
    const std::string first = "9/" + ltx::format_name(1, 1);
    ASSERT_TRUE(copies().contains(first));
    for (std::uint64_t txid = 2; txid <= 5; ++txid) EXPECT_TRUE(copies().contains("0/" + ltx::format_name(txid, txid))) << txid;
    EXPECT_LT(copies().size(), objects(0) + objects(9)) << "not all fitted";
    expect_copies_of_the_store();
    db.run("DELETE FROM t");
    db.run("VACUUM");
    snapshot();
    until([&] { return count(what::snapshot) == 2; });
    const std::string second = "9/" + ltx::format_name(1, last(what::snapshot).txid);
    for (int i = 0; i < 3; ++i) commit(db);
    stop();
    EXPECT_TRUE(copies().contains(second));
    EXPECT_FALSE(copies().contains(first)) << "room was wanted";
    const std::uint64_t newest = last(what::confirmed).txid;
    EXPECT_TRUE(copies().contains("0/" + ltx::format_name(newest, newest)));
    EXPECT_LE(bytes(), settings.cache_bytes);
    expect_copies_of_the_store();
}

}  // namespace
