#include "tests/interop/fixture.h"

#include <cstdlib>
#include <filesystem>

namespace interop {

namespace {

constexpr tests::process::milliseconds patience{180'000};

}  // namespace

void with_litestream::follow() {
    if (!app) app = std::make_unique<tests::app>(db);
    app->run("PRAGMA journal_mode=WAL");
    run = std::make_unique<tests::watch>(
        std::vector<std::string>{db, "--to", store, "--state", dir.file("state"), "--min-interval", "0", "--checkpoint-size", "64KiB"}, dir.file("watch.log"));
    run->await("attached");
}

void with_litestream::begin(const std::string& pragmas) {
    app = std::make_unique<tests::app>(db);
    app->run(pragmas);
    app->run("PRAGMA journal_mode=WAL; CREATE TABLE t(id INTEGER PRIMARY KEY, x BLOB); INSERT INTO t(x) VALUES('first')");
    follow();
}

void with_litestream::commit(const std::string& sql) {
    run->await_after("confirmed", [&] { app->run(sql); });
}

void with_litestream::grow(int rows, int bytes) {
    commit("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<" + std::to_string(rows) + ") INSERT INTO t(x) SELECT randomblob(" +
           std::to_string(bytes) + ") FROM n");
}

std::string with_litestream::restore(const std::vector<std::string>& options) {
    const std::string output = dir.file("ours-" + std::to_string(++restored_) + ".db");
    std::vector<std::string> arguments{"restore", "app.db", "--from", store, "-o", output};
    arguments.insert(arguments.end(), options.begin(), options.end());
    const auto done = tests::flotilla(arguments, {}, patience);
    EXPECT_EQ(done.code, 0) << done.err;
    return output;
}

tests::outcome with_litestream::litestream(const std::string& command, const std::vector<std::string>& arguments, const std::string& input) {
    const std::string cache = std::filesystem::path(std::getenv("FLOTILLA")).parent_path().string() + "/litestream";
    const std::size_t query = store.find('?');
    const std::string url = query == std::string::npos ? "file://" + store + "/app.db" : store.substr(0, query) + "/app.db" + store.substr(query);
    std::vector<std::string> argv{FLOTILLA_TEST_DATA "/../support/litestream.sh", command, cache, url};
    argv.insert(argv.end(), arguments.begin(), arguments.end());
    return tests::run_process(argv, {}, input, patience);
}

std::string with_litestream::litestream_restores() {
    const std::string output = dir.file("theirs-" + std::to_string(++restored_) + ".db");
    const auto done = litestream("restore", {output, "150"}, "");
    EXPECT_EQ(done.code, 0) << done.err;
    return output;
}

void with_litestream::litestream_writes(const std::vector<std::string>& transactions) {
    std::string input;
    for (const auto& each : transactions) input += each + "\n";
    const auto done = litestream("write", {}, input);
    ASSERT_EQ(done.code, 0) << done.err;
}

std::string with_litestream::expect_restored_alike() {
    EXPECT_EQ(run->stop(), 0) << run->log();
    const std::string ours = restore();
    const std::string theirs = litestream_restores();
    EXPECT_TRUE(same_bytes(ours, theirs));
    EXPECT_EQ(tests::app(theirs).text("PRAGMA integrity_check"), "ok");
    return theirs;
}

void with_litestream::expect_verified() {
    const auto done = tests::flotilla({"verify", "--from", store});
    EXPECT_EQ(done.code, 0) << done.out << done.err;
}

testing::AssertionResult same_bytes(const std::string& one, const std::string& other) {
    const auto done = tests::run_process({"cmp", one, other});
    return done.code == 0 ? testing::AssertionSuccess() : testing::AssertionFailure() << done.out << done.err;
}

}  // namespace interop
