// state.db is lost or damaged, while the watch runs and between two of them: it is a memo, so nothing that was committed may be missing,
// whatever it says. STATE_FLIPS: of how many bytes of its row a bit is flipped.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <filesystem>
#include <functional>

#include "tests/drill/fixture.h"
#include "tests/drill/parameters.h"
#include "tests/support/chain_builder.h"

namespace {

namespace fs = std::filesystem;

struct damage {
    std::string name;
    std::function<void(const std::string& file)> how;
};

constexpr std::size_t page = 4096;  // of state.db

void flip(const std::string& file, std::size_t at, std::uint8_t bits = 0x10) {
    io::bytes data = tests::slurp(file);
    data.at(at) ^= bits;
    tests::spill(file, data);
}

const damage damages[] = {
    {"deleted", [](const std::string& file) { fs::remove(file); }},
    {"emptied", [](const std::string& file) { fs::resize_file(file, 0); }},
    {"cut", [](const std::string& file) { fs::resize_file(file, fs::file_size(file) / 2); }},
    {"of_another_kind", [](const std::string& file) { tests::spill(file, io::bytes(5000, 'x')); }},
    {"flipped_in_its_header", [](const std::string& file) { flip(file, 20); }},
    {"flipped_in_its_schema", [](const std::string& file) { flip(file, 4000); }},
};

class local_state : public drill::drill_test {
protected:
    std::vector<std::string> all = paths("app", 2);
    std::string file = state + "/state.db";
    std::unique_ptr<tests::watch> run;
    std::unique_ptr<drill::writers> applications;

    void begin() {
        if (!applications) applications = std::make_unique<drill::writers>(all, 0);
        run = start({"--min-interval", "0", "--checkpoint-size", "64KiB"});
        for (const auto& path : all) run->await("attached", 1, stream_of(path));
    }
    void commit(int times = 1) {
        for (int i = 0; i < times; ++i) applications->commit(all);
    }
    void commit_and_confirm() {
        std::map<std::string, std::size_t> before;
        for (const auto& path : all) before[path] = run->count("confirmed", stream_of(path));
        commit();
        for (const auto& path : all) run->await("confirmed", before[path] + 1, stream_of(path));
    }
    void stop() { EXPECT_EQ(run->stop(), 0) << run->log(); }
    void expect_right() { expect_all_restored(applications->counts()); }
};

class damaged_state : public local_state, public testing::WithParamInterface<damage> {};

TEST_P(damaged_state, between_two_watches_loses_nothing) {
    begin();
    commit_and_confirm();
    stop();
    commit(30);  // while nobody watches
    GetParam().how(file);
    begin();
    if (GetParam().name != "deleted") EXPECT_GE(run->count("corruption"), 1U);
    commit_and_confirm();
    stop();
    expect_right();
}

TEST_P(damaged_state, under_a_running_watch_loses_nothing) {
    begin();
    commit_and_confirm();
    GetParam().how(file);
    commit_and_confirm();
    commit_and_confirm();
    EXPECT_EQ(run->kill(), 128 + SIGKILL);
    commit(30);
    begin();
    commit_and_confirm();
    stop();
    expect_right();
}

INSTANTIATE_TEST_SUITE_P(state_db, damaged_state, testing::ValuesIn(damages), [](const auto& each) { return each.param.name; });

// SQLite's own checks do not see a bit of a value: a wrong position, TXID, checksum or epoch.
TEST_F(local_state, a_row_that_lies_misleads_nobody) {
    const auto flips = static_cast<std::size_t>(drill::parameter("STATE_FLIPS", 6));
    all.resize(1);
    const std::string name = stream_of(all[0]);
    std::size_t behind = 0;
    for (std::size_t n = 0; n < flips; ++n) {
        begin();
        commit_and_confirm();
        stop();
        io::bytes data = tests::slurp(file);
        const std::string text(data.begin(), data.end());
        const std::size_t row = text.rfind(name + all[0]);  // the end of the row's key and the first of its values
        ASSERT_NE(row, std::string::npos);
        const std::size_t first = row + name.size() + all[0].size();
        const std::size_t length = std::min<std::size_t>(90, (first / page + 1) * page - first);
        behind = n * length / flips;
        SCOPED_TRACE(fmt::format("byte {} behind the path", behind));
        flip(file, first + behind, static_cast<std::uint8_t>(1U << (n % 8)));
        commit(2);
        begin();
        commit_and_confirm();
        stop();
        expect_right();
    }
}

}  // namespace
