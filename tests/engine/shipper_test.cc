// One object into the store until its fate is known.
#include "engine/shipper.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "engine/key.h"
#include "io/directory_store.h"
#include "tests/support/broken_store.h"
#include "tests/support/chain_builder.h"
#include "tests/support/real_environment.h"
#include "tests/support/temp_directory.h"

namespace {

using namespace std::chrono_literals;
using tests::write_fate;

class shipper : public testing::Test {
protected:
    tests::temp_directory dir;
    tests::real_environment world;
    std::unique_ptr<io::directory_store> behind;
    std::unique_ptr<tests::broken_store> store;
    std::vector<bool> told;  // false: trouble, true: over
    engine::budgets shares{world.env, {}, 0};
    int looks = 0;                // how often it was asked whether it may
    io::result<void> allowed;
    std::unique_ptr<engine::shipper> ships;
    tests::chain_builder chain{512};
    std::optional<io::instant> deadline;

    shipper() {
        auto opened = world.run(io::directory_store::open(world.env, dir.file("store"), io::directory_store::access::write));
        behind = std::move(*opened);
        store = std::make_unique<tests::broken_store>(*behind);
        ships = std::make_unique<engine::shipper>(world.env, *store, shares, [this](const io::result<void>& now) { told.push_back(now.has_value()); },
                                                  [this]() -> io::task<io::result<void>> {
                                                      ++looks;
                                                      co_return allowed;
                                                  },
                                                  [](bool) {});
        chain.commit_size(3);
        chain.commit_page(2, 7);
        chain.commit_page(2, 8);
    }

    // The file of a TXID in `parts` parts.
    engine::outgoing object(std::uint64_t txid, std::size_t parts = 1) {
        engine::outgoing out;
        out.key = engine::object_key(store->layout(), "app.db", 0, {txid, txid});
        const io::bytes file = chain.file(txid, txid);
        out.head = *ltx::decode_header(file);
        out.parts = [file, parts]() -> engine::outgoing::part_source {
            return [file, parts, at = std::size_t{0}]() mutable -> io::result<std::optional<io::bytes>> {
                if (at == parts) return std::optional<io::bytes>();
                const std::size_t step = file.size() / parts;
                const std::size_t begin = at * step;
                ++at;
                const std::size_t end = at == parts ? file.size() : begin + step;
                return std::optional(io::bytes(file.begin() + static_cast<std::ptrdiff_t>(begin), file.begin() + static_cast<std::ptrdiff_t>(end)));
            };
        };
        return out;
    }
    io::result<void> ship(engine::outgoing one) {
        return world.run(ships->ship(std::move(one), [this] { return deadline; }));
    }
    io::bytes stored(std::uint64_t txid) { return tests::slurp(dir.file("store/") + engine::object_key(store->layout(), "app.db", 0, {txid, txid})); }
};

TEST_F(shipper, an_object_is_stored_whole_in_one_put_or_in_parts) {
    ASSERT_TRUE(ship(object(2)).has_value());
    EXPECT_EQ(stored(2), chain.file(2, 2));
    ASSERT_TRUE(ship(object(3, 4)).has_value());
    EXPECT_EQ(stored(3), chain.file(3, 3));
    EXPECT_TRUE(told.empty());
}

TEST_F(shipper, a_lost_reply_is_found_out_by_reading_back_and_the_object_is_adopted) {
    for (const std::size_t parts : {1U, 3U}) {
        bool spoilt = false;
        store->on_put = [&](const std::string&) {
            if (spoilt || store->puts.empty()) return write_fate{};
            spoilt = true;
            return write_fate::reply_lost();
        };
        store->puts.clear();
        ASSERT_TRUE(ship(object(parts == 1 ? 2 : 3, parts)).has_value());
        EXPECT_EQ(store->puts.size(), 1U) << "not written again";
    }
    EXPECT_TRUE(told.empty());
}

TEST_F(shipper, an_error_after_the_write_had_its_effect_is_adopted_on_the_second_try) {
    int tries = 0;
    store->on_put = [&](const std::string&) { return ++tries == 1 ? write_fate::reply_lost(io::errc::timed_out) : write_fate{}; };
    ASSERT_TRUE(ship(object(2)).has_value());
    EXPECT_EQ(tries, 2);
    EXPECT_EQ(told, (std::vector<bool>{false, true}));
}

TEST_F(shipper, a_lost_reply_of_a_write_that_never_arrived_is_written_again) {
    int tries = 0;
    store->on_put = [&](const std::string&) { return ++tries == 1 ? write_fate::refused(io::errc::outcome_unknown) : write_fate{}; };
    ASSERT_TRUE(ship(object(2)).has_value());
    EXPECT_EQ(stored(2), chain.file(2, 2));
}

TEST_F(shipper, B10_other_bytes_under_the_name_end_it_whoever_wrote_them) {
    ASSERT_TRUE(ship(object(2)).has_value());
    const io::bytes first = stored(2);
    // The same TXID again, from another history: only a page differs, the header says the same.
    tests::chain_builder other{512};
    other.commit_size(3);
    other.commit_page(2, 9);
    engine::outgoing again = object(2);
    const io::bytes file = other.file(2, 2);
    again.head = *ltx::decode_header(file);
    again.parts = [file]() -> engine::outgoing::part_source {
        return [rest = std::optional(file)]() mutable { return io::result<std::optional<io::bytes>>(std::exchange(rest, std::nullopt)); };
    };
    auto outcome = ship(again);
    ASSERT_FALSE(outcome.has_value());
    EXPECT_EQ(outcome.error().code, io::errc::overtaken);
    EXPECT_NE(outcome.error().context.find(again.key), std::string::npos);
    EXPECT_EQ(stored(2), first) << "untouched";
}

TEST_F(shipper, B10_bytes_that_differ_only_in_the_pages_are_other_bytes) {
    ASSERT_TRUE(ship(object(2)).has_value());
    engine::outgoing again = object(2);
    io::bytes file = chain.file(2, 2);
    file.back() = static_cast<std::uint8_t>(file.back() ^ 1U);  // another file checksum beneath the same header
    again.parts = [file]() -> engine::outgoing::part_source {
        return [rest = std::optional(file)]() mutable { return io::result<std::optional<io::bytes>>(std::exchange(rest, std::nullopt)); };
    };
    EXPECT_EQ(ship(again).error().code, io::errc::overtaken);
}

TEST_F(shipper, E9_what_cannot_be_read_back_is_not_taken_for_stored) {
    int tries = 0;
    store->on_put = [&](const std::string&) { return ++tries == 1 ? write_fate::refused(io::errc::outcome_unknown) : write_fate::refused(); };
    store->on_head = [](const std::string&) { return io::error{io::errc::io_failure, io::subject::store, "no answer"}; };
    deadline = world.env.time.now() + 200ms;
    auto outcome = ship(object(2));
    ASSERT_FALSE(outcome.has_value());
    EXPECT_EQ(outcome.error().about, io::subject::store);
    EXPECT_TRUE(stored(2).empty());
}

TEST_F(shipper, A11_a_refusal_is_not_tried_again_and_what_may_pass_is) {
    for (const auto code : {io::errc::access_denied, io::errc::invalid, io::errc::too_large, io::errc::unsupported, io::errc::precondition_failed}) {
        int tries = 0;
        store->on_put = [&](const std::string&) { return ++tries == 1 ? write_fate::refused(code) : write_fate{}; };
        auto outcome = ship(object(2));
        ASSERT_FALSE(outcome.has_value());
        EXPECT_EQ(outcome.error().code, code);
        EXPECT_TRUE(engine::is_refusal(outcome.error()));
        EXPECT_EQ(tries, 1);
        EXPECT_TRUE(told.empty());
    }
    for (const auto code : {io::errc::io_failure, io::errc::timed_out, io::errc::busy, io::errc::no_space, io::errc::read_only, io::errc::not_found}) {
        int tries = 0;
        store->on_put = [&](const std::string&) { return ++tries == 1 ? write_fate::refused(code) : write_fate{}; };
        EXPECT_TRUE(ship(object(2)).has_value()) << io::name(code);
        EXPECT_EQ(tries, 2);
        std::filesystem::remove_all(dir.file("store/app.db"));
    }
}

TEST_F(shipper, gives_up_at_its_deadline_with_the_stores_last_error) {
    store->on_put = [](const std::string&) { return write_fate::refused(io::errc::no_space); };
    deadline = world.env.time.now() + 50ms;
    auto outcome = ship(object(2));
    ASSERT_FALSE(outcome.has_value());
    EXPECT_EQ(outcome.error().code, io::errc::no_space);
    EXPECT_FALSE(told.empty());
}

TEST_F(shipper, an_upload_in_parts_ends_at_its_deadline_too) {
    deadline = world.env.time.now() - 1s;
    auto outcome = ship(object(2, 5));
    ASSERT_FALSE(outcome.has_value());
    EXPECT_EQ(outcome.error().code, io::errc::timed_out);
    EXPECT_TRUE(stored(2).empty());
}

TEST_F(shipper, an_error_of_the_source_is_not_the_stores_and_is_not_tried_again) {
    engine::outgoing bad = object(2);
    int starts = 0;
    bad.parts = [&]() -> engine::outgoing::part_source {
        ++starts;
        return []() -> io::result<std::optional<io::bytes>> { return io::error{io::errc::corrupt, io::subject::database, "page 7 changed"}; };
    };
    auto outcome = ship(bad);
    ASSERT_FALSE(outcome.has_value());
    EXPECT_EQ(outcome.error().about, io::subject::database);
    EXPECT_EQ(starts, 1);
    EXPECT_TRUE(told.empty());
}

}  // namespace
