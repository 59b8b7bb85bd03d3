#include "engine/verifier.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "engine/key.h"
#include "io/directory_store.h"
#include "tests/support/broken_store.h"
#include "tests/support/chain_builder.h"
#include "tests/support/real_environment.h"
#include "tests/support/temp_directory.h"

namespace {

using tests::slurp;
using tests::spill;

class verifier : public testing::Test {
protected:
    verifier() {
        auto opened = real.run(io::directory_store::open(real.env, dir.file("store"), io::directory_store::access::write));
        if (!opened) throw std::runtime_error(opened.error().context);
        store = std::move(*opened);
    }

    // Snapshots at 1 and 4, an object for each of 2 to 6, and two merged ones.
    void six_transactions() {
        chain.commit_size(20);
        chain.commit_page(7, 90);
        chain.commit_page(23, 91);
        chain.commit_size(10);
        chain.commit_page(15, 92);
        chain.commit_page(1, 93);
        for (const auto& range : {engine::txid_range{1, 1}, {1, 4}}) chain.put(real, *store, "app", 9, range.min, range.max);
        for (std::uint64_t txid = 2; txid <= 6; ++txid) chain.put(real, *store, "app", 0, txid, txid);
        chain.put(real, *store, "app", 1, 2, 4);
        chain.put(real, *store, "app", 1, 5, 6);
    }

    std::string key_of(unsigned level, std::uint64_t min, std::uint64_t max) const { return engine::object_key(store->layout(), "app", level, {min, max}); }
    std::string path_of(unsigned level, std::uint64_t min, std::uint64_t max) const { return dir.file("store/" + key_of(level, min, max)); }

    engine::verify_report verify() {
        auto report = real.run(engine::verify(real.env, *store, "app", {}));
        if (!report) {
            ADD_FAILURE() << report.error().context;
            return {};
        }
        return *report;
    }

    // The keys in doubt, with what is said of them.
    static std::string doubts(const engine::verify_report& report) {
        std::string out;
        for (const auto& f : report.findings) {
            if (f.how == engine::finding::severity::doubt) out += f.key + ": " + f.text + "\n";
        }
        return out;
    }

    // Exactly this object is in doubt.
    void expect_doubt(const std::string& key, const std::string& words = "") {
        const auto report = verify();
        EXPECT_FALSE(report.sound());
        const std::string found = doubts(report);
        EXPECT_EQ(found.find(key + ": "), 0U) << found;
        EXPECT_NE(found.find(words), std::string::npos) << found;
        EXPECT_EQ(std::count(found.begin(), found.end(), '\n'), 1) << found;
    }

    tests::temp_directory dir;
    tests::real_environment real;
    std::unique_ptr<io::directory_store> store;
    tests::chain_builder chain;
};

TEST_F(verifier, A13_walks_all_of_a_sound_stream_and_recomputes_every_checksum) {
    six_transactions();
    const auto report = verify();
    EXPECT_EQ(doubts(report), "");
    EXPECT_TRUE(report.findings.empty());
    EXPECT_EQ(report.files, 9U);
    EXPECT_EQ(report.snapshots, 2U);
    EXPECT_EQ(report.earliest.txid, 1U);
    EXPECT_EQ(report.newest.txid, 6U);
    EXPECT_EQ(report.newest.timestamp_ms, chain.time_of(6));
    // Before and after each of seven increments, after each of two snapshots.
    EXPECT_EQ(report.checksums_confirmed, 16U);
    std::uint64_t bytes = 0;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(dir.file("store/app"))) {
        if (entry.is_regular_file()) bytes += entry.file_size();
    }
    EXPECT_EQ(report.bytes, bytes);
}

TEST_F(verifier, A13_an_empty_backup_is_in_doubt) {
    const auto report = verify();
    EXPECT_FALSE(report.sound());
    EXPECT_EQ(report.newest.txid, 0U);
}

TEST_F(verifier, A13_a_stream_without_a_snapshot_is_in_doubt) {
    six_transactions();
    std::filesystem::remove(path_of(9, 1, 1));
    std::filesystem::remove(path_of(9, 1, 4));
    EXPECT_NE(doubts(verify()).find("TXID 1"), std::string::npos);
}

TEST_F(verifier, A13_a_gap_is_named) {
    six_transactions();
    std::filesystem::remove(path_of(0, 5, 5));
    std::filesystem::remove(path_of(1, 5, 6));
    expect_doubt(key_of(0, 6, 6), "TXIDs 5 to 5 ");
    EXPECT_EQ(verify().newest.txid, 4U);
}

TEST_F(verifier, A13_the_first_increment_after_a_snapshot_is_held_against_the_snapshot) {
    chain.commit_size(20);
    chain.commit_page(7, 90);
    chain.put(real, *store, "app", 9, 1, 1);
    tests::chain_builder other;
    other.commit_size(21);
    other.commit_page(7, 90);
    other.put(real, *store, "app", 0, 2, 2);
    expect_doubt(key_of(0, 2, 2), "another stream or history");
}

TEST_F(verifier, E3_holes_that_later_files_bridge_raise_no_alarm) {
    six_transactions();
    std::filesystem::remove(path_of(0, 2, 2));
    std::filesystem::remove(path_of(0, 3, 3));
    std::filesystem::remove(path_of(0, 5, 5));
    const auto report = verify();
    EXPECT_TRUE(report.sound()) << doubts(report);
    EXPECT_FALSE(report.findings.empty()) << "but they are noted";
    EXPECT_EQ(report.newest.txid, 6U);
}

TEST_F(verifier, E3_increments_older_than_the_first_snapshot_raise_no_alarm) {
    six_transactions();
    std::filesystem::remove(path_of(9, 1, 1));
    const auto report = verify();
    EXPECT_TRUE(report.sound()) << doubts(report);
    EXPECT_EQ(report.earliest.txid, 4U);
}

TEST_F(verifier, B1_a_flipped_bit_anywhere_is_found_and_the_object_named) {
    six_transactions();
    const std::string path = path_of(0, 6, 6);
    const io::bytes sound = slurp(path);
    for (std::size_t at = 0; at < sound.size(); at += 3) {
        io::bytes flipped = sound;
        flipped[at] ^= static_cast<std::uint8_t>(1U << (at % 8));
        spill(path, flipped);
        expect_doubt(key_of(0, 6, 6));
    }
}

TEST_F(verifier, B1_a_superseded_object_is_verified_too) {
    six_transactions();
    io::bytes flipped = slurp(path_of(1, 2, 4));
    flipped[flipped.size() / 2] ^= 1;
    spill(path_of(1, 2, 4), flipped);
    expect_doubt(key_of(1, 2, 4));
    EXPECT_EQ(verify().newest.txid, 6U) << "nothing needs it";
}

TEST_F(verifier, B1_a_truncated_object_is_found) {
    six_transactions();
    const io::bytes sound = slurp(path_of(9, 1, 4));
    for (const std::size_t length : {std::size_t{0}, std::size_t{50}, std::size_t{100}, sound.size() - 1}) {
        spill(path_of(9, 1, 4), io::byte_view(sound).first(length));
        expect_doubt(key_of(9, 1, 4));
    }
}

TEST_F(verifier, B14_a_misnamed_object_is_found) {
    six_transactions();
    std::filesystem::rename(path_of(1, 5, 6), path_of(1, 5, 7));
    const auto report = verify();
    EXPECT_NE(doubts(report).find(key_of(1, 5, 7) + ": the file inside carries TXIDs 5 to 6"), std::string::npos) << doubts(report);
}

TEST_F(verifier, B10_two_objects_for_one_txid_that_differ_are_found) {
    six_transactions();
    tests::chain_builder other;
    for (std::uint64_t txid = 1; txid <= 5; ++txid) other.commit(chain.image(txid));
    other.commit_page(1, 200);
    // Sound in itself, starts from the same database, ends in another.
    spill(path_of(1, 5, 6), other.file(5, 6));
    expect_doubt(key_of(1, 5, 6), "one TXID with two contents");
    spill(path_of(1, 5, 6), chain.file(5, 6));
    other.commit_size(20);
    other.put(real, *store, "app", 9, 1, 6);
    expect_doubt(key_of(9, 1, 6), "one TXID with two contents");
}

TEST_F(verifier, A6_pre_and_post_are_recomputed_and_not_believed) {
    chain.commit_size(20);
    chain.commit_page(7, 90);
    chain.commit_page(8, 91);
    chain.put(real, *store, "app", 9, 1, 1);
    // TXID 2 of another history that claims this one's checksums: its pages contradict them, its file checksum does not.
    tests::chain_builder other;
    other.commit(chain.image(1));
    other.commit_page(7, 33);
    other.claimed = {{2, chain.checksum(2)}};
    other.put(real, *store, "app", 0, 2, 2);
    expect_doubt(key_of(0, 2, 2), "but its pages give");
}

TEST_F(verifier, growth_without_its_pages_is_found) {
    std::filesystem::copy(FLOTILLA_TEST_DATA "/ltx/missing-grown-page", dir.file("store/app"), std::filesystem::copy_options::recursive);
    const auto report = verify();
    EXPECT_NE(doubts(report).find("grew"), std::string::npos) << doubts(report);
    EXPECT_EQ(report.newest.txid, 3U);
}

TEST_F(verifier, golden_sets_are_sound) {
    for (const std::string set : {"accepted", "multi-txid", "overlap", "reserved-bytes", "with-database-checksums"}) {
        std::filesystem::remove_all(dir.file("store/app"));
        std::filesystem::copy(FLOTILLA_TEST_DATA "/ltx/" + set, dir.file("store/app"), std::filesystem::copy_options::recursive);
        const auto report = verify();
        EXPECT_TRUE(report.sound()) << set << ": " << doubts(report);
        EXPECT_EQ(report.checksums_confirmed > 0, set == "with-database-checksums") << set;
    }
}

TEST_F(verifier, strangers_are_noted) {
    six_transactions();
    spill(dir.file("store/app/ltx/0/notes.txt"), io::view_of("hello"));
    const auto report = verify();
    EXPECT_TRUE(report.sound()) << doubts(report);
    ASSERT_EQ(report.findings.size(), 1U);
    EXPECT_EQ(report.findings[0].key, "app/ltx/0/notes.txt");
}

TEST_F(verifier, E10_a_listing_that_failed_is_an_error) {
    six_transactions();
    tests::broken_store broken(*store);
    broken.on_list = [](const std::string&) -> io::result<void> { return io::error{io::errc::io_failure, io::subject::store, "no answer"}; };
    auto report = real.run(engine::verify(real.env, broken, "app", {}));
    ASSERT_FALSE(report);
    EXPECT_EQ(report.error().about, io::subject::store);
}

TEST_F(verifier, progress_ends_with_every_byte) {
    six_transactions();
    engine::verify_progress last;
    const auto progress = [&](const engine::verify_progress& now) { last = now; };
    auto report = real.run(engine::verify(real.env, *store, "app", progress));
    ASSERT_TRUE(report);
    EXPECT_EQ(last.bytes_done, last.bytes_total);
    EXPECT_EQ(last.bytes_done, report->bytes);
}

}  // namespace
