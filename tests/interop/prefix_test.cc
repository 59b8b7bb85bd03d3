// The other way round: what Litestream wrote restores here, and `flotilla watch` takes such a stream over.
#include <gmock/gmock.h>

#include <algorithm>
#include <filesystem>

#include "tests/interop/fixture.h"
#include "tests/support/chain_builder.h"
#include "tests/support/ltx_files.h"
#include "tests/support/store_access.h"

namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

std::string as_test_name(std::string text) {
    std::replace_if(text.begin(), text.end(), [](char c) { return c == '-' || c == '.'; }, '_');
    return text;
}

class prefix : public interop::with_litestream {
protected:
    // A set of tests/data/ltx becomes the stream.
    void put_golden_set(const std::string& set) {
        tests::store_access into(store);
        const fs::path root = fs::path(FLOTILLA_TEST_DATA) / "ltx" / set / "ltx";
        for (const auto& each : fs::recursive_directory_iterator(root)) {
            if (!each.is_regular_file()) continue;
            const auto level = static_cast<unsigned>(std::stoul(each.path().parent_path().filename().string()));
            into.write(into.key("app.db", level, engine::parse_object_key(each.path().string()).value()), tests::slurp(each.path().string()));
        }
    }

    // Six TXIDs by Litestream's writer.
    void put_litestreams_own() {
        litestream_writes({"CREATE TABLE t(id INTEGER PRIMARY KEY, x BLOB); INSERT INTO t(x) VALUES('first')",
                           "INSERT INTO t(x) VALUES('second')",
                           "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<40) INSERT INTO t(x) SELECT randomblob(3000) FROM n",
                           "UPDATE t SET x='changed' WHERE id%5=0",
                           "CREATE INDEX later ON t(x)",
                           "INSERT INTO t(x) VALUES('last')"});
        ASSERT_EQ(tests::store_access(store).keys("app.db").size(), 6U);
    }

    // The pages of every object as versions before 0.5.16 wrote them: LZ4 frames instead of blocks. Those versions cannot be had any more,
    // so these files are of our making, from Litestream's own.
    void make_legacy() {
        tests::store_access inside(store);
        for (const auto& key : inside.keys("app.db")) {
            const auto file = tests::decode(inside.read(key));
            ASSERT_TRUE(file) << file.error().context;
            std::vector<tests::raw_frame> frames;
            for (const auto& [pgno, page] : file->pages) frames.push_back(tests::lz4_frame(pgno, page));
            inside.write(key, tests::make_raw(file->summary.header, std::move(frames)).build());
        }
    }
};

class golden_sets : public prefix, public testing::WithParamInterface<const char*> {};

TEST_P(golden_sets, are_restored) {
    put_golden_set(GetParam());
    EXPECT_TRUE(interop::same_bytes(restore(), FLOTILLA_TEST_DATA "/ltx/source.db"));
    expect_verified();
}

INSTANTIATE_TEST_SUITE_P(sets, golden_sets, testing::Values("accepted", "multi-txid", "overlap", "reserved-bytes", "with-database-checksums"),
                         [](const auto& one) { return as_test_name(one.param); });

class golden_refusals : public prefix, public testing::WithParamInterface<const char*> {};

TEST_P(golden_refusals, are_errors_and_leave_nothing) {
    put_golden_set(GetParam());
    const auto refused = tests::flotilla({"restore", "app.db", "--from", store, "-o", dir.file("out.db")});
    EXPECT_EQ(refused.code, 5) << refused.err;
    EXPECT_FALSE(fs::exists(dir.file("out.db")));
    EXPECT_EQ(tests::flotilla({"verify", "--from", store}).code, 5);
}

INSTANTIATE_TEST_SUITE_P(sets, golden_refusals, testing::Values("missing-grown-page", "no-snapshot"), [](const auto& one) { return as_test_name(one.param); });

TEST_F(prefix, that_litestream_wrote_is_restored_at_every_point) {
    put_litestreams_own();
    EXPECT_TRUE(interop::same_bytes(restore(), litestream_restores()));
    const std::int64_t rows[] = {1, 2, 42, 42, 42, 43};
    for (std::size_t i = 0; i < std::size(rows); ++i) {
        SCOPED_TRACE(i + 1);
        EXPECT_EQ(tests::app(restore({"--txid", std::to_string(i + 1), "--integrity", "full"})).number("SELECT count(*) FROM t"), rows[i]);
    }
    expect_verified();
}

TEST_F(prefix, with_lz4_frames_is_restored) {
    put_litestreams_own();
    const std::string before = restore();
    make_legacy();
    EXPECT_TRUE(interop::same_bytes(restore(), before));
    expect_verified();
}

enum class kind { litestream, legacy, compacted, golden };

std::string name_of(const testing::TestParamInfo<kind>& one) {
    constexpr const char* names[] = {"litestream", "legacy", "compacted", "golden"};
    return names[static_cast<std::size_t>(one.param)];
}

class takeover : public prefix, public testing::WithParamInterface<kind> {
protected:
    void put_prefix() {
        switch (GetParam()) {
        case kind::litestream: return put_litestreams_own();
        case kind::golden: return put_golden_set("litestream-0.5.17");
        case kind::compacted: return put_golden_set("overlap");  // its newest object is on level 1
        case kind::legacy:
            put_litestreams_own();
            make_legacy();
        }
    }
};

// The application's database is the one that the prefix is a backup of, with a row more.
TEST_P(takeover, begins_a_new_epoch_with_a_snapshot_at_the_next_txid_and_says_so) {
    put_prefix();
    const std::string before = restore();
    tests::store_access inside(store);
    std::uint64_t last = 0;
    for (const auto& key : inside.keys("app.db")) last = std::max(last, engine::parse_object_key(key).value().max);
    fs::copy_file(before, db);
    app = std::make_unique<tests::app>(db);
    app->run("CREATE TABLE IF NOT EXISTS after(id INTEGER PRIMARY KEY, x BLOB); INSERT INTO after(x) VALUES('while nobody looked')");
    follow();
    ASSERT_EQ(run->count("reanchored"), 1U);
    const std::string said = run->events("reanchored").front().text;
    EXPECT_THAT(said, HasSubstr("up to TXID " + std::to_string(last)));
    EXPECT_THAT(said, HasSubstr("Litestream"));
    EXPECT_THAT(said, HasSubstr("takes it over with a snapshot at TXID " + std::to_string(last + 1)));
    EXPECT_THAT(run->log(), HasSubstr(said));
    ASSERT_EQ(run->count("snapshot"), 1U) << run->log();
    EXPECT_EQ(run->events("snapshot").front().txid, last + 1);
    for (int i = 0; i < 3; ++i) commit("INSERT INTO after(x) VALUES(randomblob(5000))");
    expect_all_restored_alike();
    expect_verified();

    const auto taken = ltx::decode_header(inside.read(inside.key("app.db", engine::level_snapshots, {1, last + 1})));
    ASSERT_TRUE(taken) << taken.error().context;
    EXPECT_NE(taken->node_id, 0U) << "the writer's epoch";
    EXPECT_TRUE(taken->sums);
    EXPECT_TRUE(interop::same_bytes(restore({"--txid", std::to_string(last)}), before)) << "what was there can be had as before";

    follow();
    EXPECT_EQ(run->count("reanchored"), 0U) << "from now on it is ours";
    commit("INSERT INTO after(x) VALUES('of the second run')");
    EXPECT_EQ(run->count("snapshot"), 0U);
    expect_all_restored_alike();
}

INSTANTIATE_TEST_SUITE_P(prefixes, takeover, testing::Values(kind::litestream, kind::legacy, kind::compacted, kind::golden), name_of);

}  // namespace
