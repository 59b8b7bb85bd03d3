#include "engine/restorer.h"

#include <gtest/gtest.h>
#include <sqlite3.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "engine/key.h"
#include "engine/verifier.h"
#include "io/directory_store.h"
#include "tests/support/broken_store.h"
#include "tests/support/chain_builder.h"
#include "tests/support/real_environment.h"
#include "tests/support/spoiled_files.h"
#include "tests/support/temp_directory.h"

namespace {

using engine::restore_target;
using tests::slurp;
using tests::spill;

class restorer : public testing::Test {
protected:
    restorer() {
        auto opened = real.run(io::directory_store::open(real.env, dir.file("store"), io::directory_store::access::write));
        if (!opened) throw std::runtime_error(opened.error().context);
        store = std::move(*opened);
        std::filesystem::create_directory(dir.file("out"));
    }

    // Three transactions: a snapshot at 1 and two increments, of a database that is not SQLite's.
    void three_transactions() {
        chain.commit_size(40);
        chain.commit_page(7, 90);
        chain.commit_page(43, 91);
        chain.put(real, *store, "app", 9, 1, 1);
        chain.put(real, *store, "app", 0, 2, 2);
        chain.put(real, *store, "app", 0, 3, 3);
    }

    engine::restore_request request(restore_target target = restore_target::latest()) const {
        engine::restore_request out;
        out.stream = "app";
        out.target = target;
        out.output = output;
        out.integrity = engine::integrity_level::none;
        return out;
    }
    io::result<engine::restore_report> restore(const engine::restore_request& what) { return real.run(engine::restore(real.env, *store, what)); }
    io::result<engine::restore_report> restore() { return restore(request()); }

    // Refused with that code; nothing is left in the output's directory that was not there before.
    void expect_refused(const engine::restore_request& what, io::errc code, io::subject about, const std::string& words = "") {
        const auto before = tests::names_in(dir.file("out"));
        const io::bytes content = slurp(output);
        auto report = restore(what);
        ASSERT_FALSE(report);
        EXPECT_EQ(io::name(report.error().code), io::name(code)) << report.error().context;
        EXPECT_EQ(report.error().about, about) << report.error().context;
        EXPECT_NE(report.error().context.find(words), std::string::npos) << report.error().context;
        EXPECT_EQ(tests::names_in(dir.file("out")), before);
        EXPECT_EQ(slurp(output), content);
    }

    std::string path_of(unsigned level, std::uint64_t min, std::uint64_t max) const {
        return dir.file("store") + "/" + engine::object_key(store->layout(), "app", level, {min, max});
    }

    tests::temp_directory dir;
    tests::real_environment real;
    std::unique_ptr<io::directory_store> store;
    tests::chain_builder chain;
    std::string output = dir.file("out/restored.db");
};

TEST_F(restorer, F1_gives_back_each_transaction_byte_for_byte) {
    three_transactions();
    for (std::uint64_t txid = 1; txid <= 3; ++txid) {
        auto what = request(restore_target::at_txid(txid));
        what.force = true;
        auto report = restore(what);
        ASSERT_TRUE(report) << report.error().context;
        EXPECT_EQ(report->txid, txid);
        EXPECT_EQ(report->timestamp_ms, chain.time_of(txid));
        EXPECT_TRUE(report->database_checksum);
        EXPECT_EQ(slurp(output), chain.image(txid)) << txid;
    }
    EXPECT_EQ(tests::names_in(dir.file("out")), std::vector<std::string>{"restored.db"});
}

TEST_F(restorer, A9_a_time_means_the_newest_transaction_at_or_before_it) {
    three_transactions();
    for (const auto& [time, txid] : {std::pair{chain.time_of(2), 2}, {chain.time_of(2) + 999, 2}, {chain.time_of(1), 1}, {chain.time_of(3) + 5000, 3}}) {
        auto what = request(restore_target::at_time(time));
        what.force = true;
        auto report = restore(what);
        ASSERT_TRUE(report) << report.error().context;
        EXPECT_EQ(report->txid, static_cast<std::uint64_t>(txid));
        EXPECT_EQ(slurp(output), chain.image(report->txid));
    }
    expect_refused(request(restore_target::at_time(chain.time_of(1) - 1)), io::errc::already_exists, io::subject::target);
    std::filesystem::remove(output);
    expect_refused(request(restore_target::at_time(chain.time_of(1) - 1)), io::errc::out_of_range, io::subject::target, "earliest point, TXID 1");
}

TEST_F(restorer, A9_the_headers_decide_when_something_was_committed_whatever_the_store_says) {
    three_transactions();
    for (const auto& file : {path_of(9, 1, 1), path_of(0, 2, 2), path_of(0, 3, 3)})
        std::filesystem::last_write_time(file, std::filesystem::file_time_type::clock::now());
    auto report = restore(request(restore_target::at_time(chain.time_of(2))));
    ASSERT_TRUE(report) << report.error().context;
    EXPECT_EQ(report->txid, 2U);
}

TEST_F(restorer, E4_a_time_in_the_future_fails_and_names_the_newest_point) {
    three_transactions();
    expect_refused(request(restore_target::at_time(real.env.time.wall_ms() + 3'600'000)), io::errc::out_of_range, io::subject::target, "newest point, TXID 3");
}

TEST_F(restorer, F1_a_time_whose_transaction_lies_behind_a_gap_is_an_error_and_not_an_older_state) {
    three_transactions();
    std::filesystem::remove(path_of(0, 2, 2));
    expect_refused(request(restore_target::at_time(chain.time_of(3))), io::errc::gap, io::subject::integrity, "TXIDs 2 to 2");
    expect_refused(request(), io::errc::gap, io::subject::integrity);
}

TEST_F(restorer, databases_of_sqlite_come_back_whole_at_every_transaction) {
    for (auto& image : tests::sqlite_images(dir.path(), 10)) chain.commit(std::move(image));
    chain.put(real, *store, "app", 9, 1, 1);
    for (std::uint64_t txid = 2; txid <= 10; ++txid) chain.put(real, *store, "app", 0, txid, txid);
    chain.put(real, *store, "app", 1, 2, 5);
    chain.put(real, *store, "app", 9, 1, 6);
    for (std::uint64_t txid = 1; txid <= 10; ++txid) {
        auto what = request(restore_target::at_txid(txid));
        what.force = true;
        what.integrity = engine::integrity_level::full;
        auto report = restore(what);
        ASSERT_TRUE(report) << report.error().context;
        EXPECT_EQ(slurp(output), chain.image(txid)) << txid;
    }
    EXPECT_EQ(tests::names_in(dir.file("out")), std::vector<std::string>{"restored.db"}) << "no -wal or -shm of ours";
}

TEST_F(restorer, B1_an_image_that_sqlite_finds_broken_is_refused) {
    auto images = tests::sqlite_images(dir.path(), 1);
    std::fill(images[0].begin() + 4096, images[0].begin() + 8192, std::uint8_t{0x5a});
    chain.commit(std::move(images[0]));
    chain.put(real, *store, "app", 9, 1, 1);
    auto what = request();
    for (const auto level : {engine::integrity_level::quick, engine::integrity_level::full}) {
        what.integrity = level;
        expect_refused(what, io::errc::corrupt, io::subject::integrity);
    }
    what.integrity = engine::integrity_level::none;
    EXPECT_TRUE(restore(what));
}

TEST_F(restorer, fetches_of_each_page_only_the_newest_version) {
    chain.commit_size(500);
    for (std::uint8_t i = 0; i < 20; ++i) chain.commit_page(5, i);
    chain.put(real, *store, "app", 9, 1, 1);
    for (std::uint64_t txid = 2; txid <= chain.newest(); ++txid) chain.put(real, *store, "app", 0, txid, txid);
    tests::broken_store counted(*store);
    auto report = real.run(engine::restore(real.env, counted, request()));
    ASSERT_TRUE(report) << report.error().context;
    EXPECT_EQ(slurp(output), chain.image(chain.newest()));
    const auto increments = std::count_if(counted.gets.begin(), counted.gets.end(), [](const auto& get) { return get.first.find("/ltx/0/") != std::string::npos; });
    EXPECT_EQ(increments, 20) << "one get for each small file";
}

TEST_F(restorer, large_and_small_page_sizes_and_an_empty_database_work) {
    for (const std::uint32_t page_size : {512U, 65536U}) {
        chain = tests::chain_builder(page_size);
        chain.commit_size(70);
        chain.commit_page(71, 3);
        const std::string stream = std::to_string(page_size);
        chain.put(real, *store, stream, 9, 1, 1);
        chain.put(real, *store, stream, 0, 2, 2);
        auto what = request();
        what.stream = stream;
        what.force = true;
        auto report = restore(what);
        ASSERT_TRUE(report) << report.error().context;
        EXPECT_EQ(slurp(output), chain.image(2));
    }
    chain = tests::chain_builder();
    chain.commit({});
    chain.put(real, *store, "empty", 9, 1, 1);
    auto what = request();
    what.stream = "empty";
    what.force = true;
    auto report = restore(what);
    ASSERT_TRUE(report) << report.error().context;
    EXPECT_EQ(slurp(output), io::bytes());
}

TEST_F(restorer, files_and_indexes_longer_than_one_get_work_with_and_without_database_checksums) {
    chain = tests::chain_builder(512);
    std::mt19937 dice(7);
    io::bytes image(512 * 12'000);
    for (auto& byte : image) byte = static_cast<std::uint8_t>(dice());
    chain.commit(image);
    for (const std::uint32_t pgno : {1U, 5'000U, 5'001U, 12'001U}) chain.commit_page(pgno, 3);
    for (const bool sums : {true, false}) {
        chain.with_sums = sums;
        auto what = request();
        what.stream = sums ? "with" : "without";
        what.force = true;
        chain.put(real, *store, what.stream, 9, 1, 1);
        for (std::uint64_t txid = 2; txid <= chain.newest(); ++txid) chain.put(real, *store, what.stream, 0, txid, txid);
        tests::broken_store counted(*store);
        auto report = real.run(engine::restore(real.env, counted, what));
        ASSERT_TRUE(report) << report.error().context;
        EXPECT_EQ(slurp(output), chain.image(chain.newest()));
        for (const auto& get : counted.gets) EXPECT_LE(get.second, 4U << 20U);
        auto verified = real.run(engine::verify(real.env, *store, what.stream, {}));
        ASSERT_TRUE(verified);
        EXPECT_TRUE(verified->sound());
    }
}

TEST_F(restorer, a_stream_without_database_checksums_is_read_whole) {
    chain.with_sums = false;
    three_transactions();
    auto report = restore();
    ASSERT_TRUE(report) << report.error().context;
    EXPECT_FALSE(report->database_checksum);
    EXPECT_EQ(slurp(output), chain.image(3));
}

TEST_F(restorer, F6_golden_sets_are_found_by_listing_and_restore_to_their_source) {
    const std::string data = FLOTILLA_TEST_DATA "/ltx/";
    for (const std::string set : {"accepted", "multi-txid", "overlap", "reserved-bytes", "with-database-checksums"}) {
        std::filesystem::copy(data + set, dir.file("store/" + set), std::filesystem::copy_options::recursive);
        auto what = request();
        what.stream = set;
        what.force = true;
        what.integrity = engine::integrity_level::full;
        auto report = restore(what);
        ASSERT_TRUE(report) << set << ": " << report.error().context;
        EXPECT_EQ(slurp(output), slurp(data + "source.db")) << set;
        EXPECT_EQ(report->database_checksum, set == "with-database-checksums") << set;
    }
    std::filesystem::remove(output);
    for (const auto& [set, code] : {std::pair{std::string("missing-grown-page"), io::errc::corrupt}, {std::string("no-snapshot"), io::errc::gap}}) {
        std::filesystem::copy(data + set, dir.file("store/" + set), std::filesystem::copy_options::recursive);
        auto what = request();
        what.stream = set;
        expect_refused(what, code, io::subject::integrity);
    }
}

// Each byte of each file flipped in turn: an error, or (where the byte decides nothing about the image) the right image.
void flip_everywhere(tests::real_environment& real, io::object_store& store, const engine::restore_request& what, const std::string& file,
                     const io::bytes& expected, std::size_t step, bool whole) {
    const io::bytes sound = slurp(file);
    std::size_t refused = 0;
    std::size_t tried = 0;
    for (std::size_t at = 0; at < sound.size(); at += step) {
        io::bytes flipped = sound;
        flipped[at] ^= static_cast<std::uint8_t>(1U << (at % 8));
        spill(file, flipped);
        ++tried;
        auto report = real.run(engine::restore(real.env, store, what));
        if (report) {
            EXPECT_EQ(slurp(what.output), expected) << at;
            std::filesystem::remove(what.output);
            continue;
        }
        ++refused;
        EXPECT_EQ(report.error().about, io::subject::integrity) << at << ": " << report.error().context;
        EXPECT_FALSE(std::filesystem::exists(what.output));
    }
    if (whole) EXPECT_EQ(refused, tried) << "every byte of a file that is read whole counts";
    else EXPECT_GT(refused, tried / 2);
    spill(file, sound);
}

TEST_F(restorer, F4_A6_a_flipped_bit_anywhere_is_an_error_or_does_no_harm) {
    chain = tests::chain_builder(512);
    chain.commit_size(6);
    chain.commit_page(2, 90);
    chain.put(real, *store, "app", 9, 1, 1);
    chain.put(real, *store, "app", 0, 2, 2);
    flip_everywhere(real, *store, request(), path_of(0, 2, 2), chain.image(2), 1, false);
    flip_everywhere(real, *store, request(), path_of(9, 1, 1), chain.image(2), 5, false);
    EXPECT_EQ(tests::names_in(dir.file("out")), std::vector<std::string>{});
}

TEST_F(restorer, F13_a_flipped_bit_in_a_file_without_database_checksums_is_an_error) {
    chain = tests::chain_builder(512);
    chain.with_sums = false;
    chain.commit_size(6);
    chain.commit_page(2, 90);
    chain.put(real, *store, "app", 9, 1, 1);
    chain.put(real, *store, "app", 0, 2, 2);
    flip_everywhere(real, *store, request(), path_of(0, 2, 2), chain.image(2), 1, true);
    flip_everywhere(real, *store, request(), path_of(9, 1, 1), chain.image(2), 5, true);
}

TEST_F(restorer, A6_a_file_whose_pages_are_not_what_its_checksums_say_is_refused) {
    three_transactions();
    tests::chain_builder other;
    other.commit(chain.image(1));
    other.commit(chain.image(2));
    other.commit_page(43, 17);
    // Its claims are those of the true file; only the pages can tell.
    io::bytes lie = other.file(3, 3);
    const io::bytes truth = chain.file(3, 3);
    std::copy_n(truth.begin() + 84, 16, lie.begin() + 84);
    spill(path_of(0, 3, 3), lie);
    expect_refused(request(), io::errc::corrupt, io::subject::integrity, "database checksum");
}

TEST_F(restorer, A6_a_file_of_another_stream_is_refused) {
    three_transactions();
    tests::chain_builder other;
    other.commit_size(40);
    other.commit_page(9, 1);
    other.commit_page(43, 2);
    spill(path_of(0, 3, 3), other.file(3, 3));
    expect_refused(request(), io::errc::corrupt, io::subject::integrity, "0000000000000003-0000000000000003.ltx");
}

TEST_F(restorer, B14_a_misnamed_file_is_refused) {
    three_transactions();
    spill(path_of(0, 3, 3), chain.file(2, 2));
    expect_refused(request(), io::errc::corrupt, io::subject::integrity, "misnamed");
}

TEST_F(restorer, F4_a_truncated_file_is_refused_at_every_length) {
    three_transactions();
    const io::bytes sound = slurp(path_of(0, 3, 3));
    for (std::size_t length = 0; length < sound.size(); length += 41) {
        spill(path_of(0, 3, 3), io::byte_view(sound).first(length));
        expect_refused(request(), io::errc::corrupt, io::subject::integrity, "0000000000000003-0000000000000003.ltx");
    }
}

TEST_F(restorer, F4_F13_an_object_that_shrinks_or_is_replaced_while_it_is_read_is_refused) {
    std::mt19937 dice(7);
    const auto noise = [&] {
        io::bytes image(512 * 300);
        for (auto& byte : image) byte = static_cast<std::uint8_t>(dice());
        return image;
    };
    for (const bool sums : {true, false}) {
        tests::chain_builder mine(512);
        tests::chain_builder other(512);
        mine.with_sums = other.with_sums = sums;
        mine.commit(noise());
        other.commit(noise());
        const io::bytes sound = mine.file(1, 1);
        for (const io::bytes& then : {io::bytes(sound.begin(), sound.end() - 90'000), other.file(1, 1)}) {
            std::filesystem::remove_all(dir.file("store/app"));
            mine.put(real, *store, "app", 9, 1, 1);
            tests::broken_store changing(*store);
            int gets = 0;
            changing.on_get = [&](const std::string&) -> io::result<void> {
                if (++gets == 3) spill(path_of(9, 1, 1), then);  // both ends have been read
                return {};
            };
            auto report = real.run(engine::restore(real.env, changing, request()));
            ASSERT_FALSE(report) << sums;
            EXPECT_EQ(report.error().code, io::errc::corrupt) << report.error().context;
            EXPECT_EQ(report.error().about, io::subject::integrity);
            EXPECT_EQ(tests::names_in(dir.file("out")), std::vector<std::string>{});
        }
    }
}

TEST_F(restorer, A14_an_existing_output_needs_force_and_is_untouched_by_a_failure) {
    three_transactions();
    spill(output, io::view_of("precious"));
    expect_refused(request(), io::errc::already_exists, io::subject::target, "restored.db");
    auto forced = request();
    forced.force = true;
    io::bytes damaged = chain.file(3, 3);
    damaged[99] ^= 1;
    spill(path_of(0, 3, 3), damaged);
    expect_refused(forced, io::errc::corrupt, io::subject::integrity);
    spill(path_of(0, 3, 3), chain.file(3, 3));
    ASSERT_TRUE(restore(forced));
    EXPECT_EQ(slurp(output), chain.image(3));
}

TEST_F(restorer, A14_an_existing_output_is_noticed_before_anything_is_fetched) {
    three_transactions();
    spill(output, io::view_of("precious"));
    tests::broken_store counted(*store);
    EXPECT_FALSE(real.run(engine::restore(real.env, counted, request())));
    EXPECT_TRUE(counted.gets.empty());
}

TEST_F(restorer, A14_a_log_that_would_be_played_into_the_new_database_is_refused_or_with_force_removed) {
    three_transactions();
    for (const std::string suffix : {"-wal", "-journal", "-shm"}) {
        spill(output + suffix, io::view_of("old"));
        expect_refused(request(), io::errc::already_exists, io::subject::target, "restored.db" + suffix);
        auto forced = request();
        forced.force = true;
        ASSERT_TRUE(restore(forced));
        EXPECT_FALSE(std::filesystem::exists(output + suffix));
        std::filesystem::remove(output);
    }
}

TEST_F(restorer, A14_an_output_that_appears_at_the_last_moment_is_not_replaced) {
    three_transactions();
    tests::spoiled_files files;
    files.spoil = [&](const std::string& call, const std::string& path) {
        if (call.starts_with("rename") && path == output) spill(output, io::view_of("precious"));
        return 0;
    };
    tests::real_environment world(&files);
    auto report = world.run(engine::restore(world.env, *store, request()));
    ASSERT_FALSE(report);
    EXPECT_EQ(report.error().code, io::errc::already_exists) << report.error().context;
    EXPECT_EQ(io::text_of(slurp(output)), "precious");
    EXPECT_EQ(tests::names_in(dir.file("out")), std::vector<std::string>{"restored.db"});
}

TEST_F(restorer, A12_every_page_is_durable_before_the_output_has_its_name_and_then_its_name_is) {
    three_transactions();
    for (const bool force : {false, true}) {
        tests::spoiled_files files;
        tests::real_environment world(&files);
        auto what = request();
        what.force = force;
        auto report = world.run(engine::restore(world.env, *store, what));
        ASSERT_TRUE(report) << report.error().context;
        const std::vector<std::string> calls = files.calls();
        const auto is = [](std::string_view call) { return [call](const std::string& each) { return each.starts_with(call); }; };
        const auto last_write = std::find_if(calls.rbegin(), calls.rend(), is("write "));
        ASSERT_NE(last_write, calls.rend());
        const std::string temporary = last_write->substr(6);
        const auto sync = std::find(last_write.base(), calls.end(), "sync " + temporary);
        const auto named = std::find_if(last_write.base(), calls.end(), is("rename"));
        ASSERT_NE(named, calls.end());
        EXPECT_LT(sync, named);
        EXPECT_TRUE(named->ends_with(" " + output)) << *named;
        EXPECT_EQ(calls.back(), "sync_directory " + dir.file("out"));
    }
}

TEST_F(restorer, A14_force_does_not_replace_a_database_that_somebody_has_open) {
    three_transactions();
    sqlite3* db = nullptr;
    ASSERT_EQ(sqlite3_open(output.c_str(), &db), SQLITE_OK);
    ASSERT_EQ(sqlite3_exec(db, "PRAGMA journal_mode=WAL; CREATE TABLE mine(x); INSERT INTO mine VALUES(1)", nullptr, nullptr, nullptr), SQLITE_OK);
    auto forced = request();
    forced.force = true;
    expect_refused(forced, io::errc::busy, io::subject::target, "has it open");
    EXPECT_EQ(sqlite3_exec(db, "INSERT INTO mine VALUES(2)", nullptr, nullptr, nullptr), SQLITE_OK);
    sqlite3_close(db);
    auto report = restore(forced);
    ASSERT_TRUE(report) << report.error().context;
    EXPECT_EQ(slurp(output), chain.image(3));
}

TEST_F(restorer, A14_a_log_of_a_database_that_nobody_has_open_is_kept_by_a_failure_and_goes_with_force) {
    three_transactions();
    sqlite3* db = nullptr;
    ASSERT_EQ(sqlite3_open(output.c_str(), &db), SQLITE_OK);
    sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
    ASSERT_EQ(sqlite3_exec(db, "PRAGMA journal_mode=WAL; CREATE TABLE mine(x); INSERT INTO mine VALUES(1)", nullptr, nullptr, nullptr), SQLITE_OK);
    sqlite3_close(db);
    const io::bytes log = slurp(output + "-wal");
    ASSERT_FALSE(log.empty());
    auto forced = request();
    forced.force = true;
    spill(path_of(0, 3, 3), chain.file(2, 2));
    expect_refused(forced, io::errc::corrupt, io::subject::integrity);
    EXPECT_EQ(slurp(output + "-wal"), log);
    spill(path_of(0, 3, 3), chain.file(3, 3));
    ASSERT_TRUE(restore(forced));
    EXPECT_EQ(tests::names_in(dir.file("out")), std::vector<std::string>{"restored.db"});
}

TEST_F(restorer, an_output_that_cannot_be_is_the_targets_error) {
    three_transactions();
    auto what = request();
    what.output = dir.file("nowhere/restored.db");
    expect_refused(what, io::errc::not_found, io::subject::target);
    what.output = dir.file("out");
    expect_refused(what, io::errc::invalid, io::subject::target);
    what.output = "";
    expect_refused(what, io::errc::invalid, io::subject::usage);
    what = request();
    what.stream = "../app";
    expect_refused(what, io::errc::invalid, io::subject::usage);
}

TEST_F(restorer, A13_a_stream_that_is_not_there_is_an_error) {
    expect_refused(request(), io::errc::not_found, io::subject::integrity, "app");
}

TEST_F(restorer, E10_nothing_is_decided_from_a_listing_that_failed) {
    three_transactions();
    tests::broken_store broken(*store);
    broken.on_list = [](const std::string& prefix) -> io::result<void> {
        if (prefix.ends_with("/9")) return io::error{io::errc::io_failure, io::subject::store, "no answer"};
        return {};
    };
    auto report = real.run(engine::restore(real.env, broken, request()));
    ASSERT_FALSE(report);
    EXPECT_EQ(report.error().code, io::errc::io_failure);
    EXPECT_EQ(report.error().about, io::subject::store);
}

TEST_F(restorer, a_get_that_fails_for_a_while_is_tried_again_and_one_that_is_denied_is_not) {
    three_transactions();
    tests::broken_store broken(*store);
    unsigned failures = 2;
    broken.on_get = [&](const std::string&) -> io::result<void> {
        if (failures == 0) return {};
        --failures;
        return io::error{io::errc::io_failure, io::subject::store, "connection reset"};
    };
    auto report = real.run(engine::restore(real.env, broken, request()));
    ASSERT_TRUE(report) << report.error().context;
    EXPECT_EQ(slurp(output), chain.image(3));
    std::filesystem::remove(output);
    broken.on_get = [](const std::string&) -> io::result<void> { return io::error{io::errc::access_denied, io::subject::store, "denied"}; };
    auto denied = real.run(engine::restore(real.env, broken, request()));
    ASSERT_FALSE(denied);
    EXPECT_EQ(denied.error().code, io::errc::access_denied);
    EXPECT_EQ(tests::names_in(dir.file("out")), std::vector<std::string>{});
}

TEST_F(restorer, a_dry_run_plans_and_writes_nothing) {
    three_transactions();
    auto what = request(restore_target::at_txid(2));
    what.dry_run = true;
    what.output = "";
    auto report = restore(what);
    ASSERT_TRUE(report) << report.error().context;
    EXPECT_EQ(report->txid, 2U);
    EXPECT_EQ(report->page_count, 40U);
    EXPECT_EQ(report->keys, (std::vector<std::string>{"app/ltx/9/0000000000000001-0000000000000001.ltx", "app/ltx/0/0000000000000002-0000000000000002.ltx"}));
    EXPECT_EQ(tests::names_in(dir.file("out")), std::vector<std::string>{});
}

TEST_F(restorer, one_that_is_given_up_leaves_nothing_whenever_that_is) {
    three_transactions();
    auto what = request();
    int questions = 0;
    what.give_up = [&] { return ++questions < 0; };
    ASSERT_TRUE(restore(what).has_value());
    const int all = questions;
    ASSERT_GE(all, 3);  // before, during and after the pages
    std::filesystem::remove(output);
    for (int at = 1; at <= all; ++at) {
        questions = 0;
        what.give_up = [&] { return ++questions == at; };
        expect_refused(what, io::errc::canceled, io::subject::general, "stopped on request");
    }
}

TEST_F(restorer, progress_ends_with_every_page) {
    three_transactions();
    engine::restore_progress last;
    auto what = request();
    what.progress = [&](const engine::restore_progress& now) { last = now; };
    ASSERT_TRUE(restore(what));
    EXPECT_EQ(last.pages_done, 43U);
    EXPECT_EQ(last.pages_total, 43U);
}

}  // namespace
