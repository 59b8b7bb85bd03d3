#include "tests/e2e/fixture.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace e2e {

application::application(const std::string& habit, const std::string& db, const words& options) {
    words argv{"/proc/self/exe", "--app", habit, db};
    argv.insert(argv.end(), options.begin(), options.end());
    tests::process_options streams;
    streams.in = tests::channel::pipe();
    streams.out = tests::channel::pipe();
    process_ = tests::process::start(std::move(argv), std::move(streams));
    const auto line = process_.read_line();
    if (line != "ready") throw std::runtime_error(habit + ": " + line.value_or("ended before its first commit"));
}

application::progress application::ask() {
    process_.write("how far?\n");
    std::istringstream answer(process_.read_line().value_or("it has ended"));
    std::string at;
    progress out;
    if (!(answer >> at >> out.commits >> out.restarts)) throw std::runtime_error("application: " + answer.str());
    return out;
}

void application::await_commits(std::int64_t more) {
    const std::int64_t enough = ask().commits + more;
    while (ask().commits < enough) {}
}

std::int64_t application::finish() {
    process_.close_in();
    std::istringstream answer(process_.read_line().value_or("it has ended"));
    std::string done;
    std::int64_t commits = 0;
    answer >> done >> commits;
    EXPECT_EQ(done, "done") << "the application was hurt: " << answer.str();
    EXPECT_EQ(process_.wait(), 0);
    return commits;
}

void end_to_end::make_store() const {
    if (!on_s3()) std::filesystem::create_directories(store);
}

void end_to_end::create(const std::string& path, const std::string& pragmas) {
    tests::app app(path);
    app.run(pragmas);
    app.run("PRAGMA journal_mode=WAL; CREATE TABLE t(id INTEGER PRIMARY KEY, x TEXT); INSERT INTO t(x) VALUES('first'),('second')");
}

std::unique_ptr<tests::watch> end_to_end::start(words what) {
    words arguments{"--to", store, "--state", state};
    if (std::find(what.begin(), what.end(), "--min-interval") == what.end()) what.insert(what.end(), {"--min-interval", "0"});
    arguments.insert(arguments.end(), what.begin(), what.end());
    return std::make_unique<tests::watch>(std::move(arguments), dir.file("watch.log"));
}

std::unique_ptr<tests::watch> end_to_end::follow(const std::string& path, const words& options) {
    words what{path};
    what.insert(what.end(), options.begin(), options.end());
    auto run = start(std::move(what));
    run->await("attached");
    return run;
}

std::string end_to_end::restore(const std::string& stream, const words& options) {
    std::string output = dir.file("restored-" + std::to_string(++restored_) + ".db");
    words arguments{"restore", "--from", store, "-o", output};
    arguments.insert(arguments.end(), options.begin(), options.end());
    arguments.insert(arguments.end(), {"--", stream});
    const auto done = tests::flotilla(std::move(arguments));
    EXPECT_EQ(done.code, 0) << stream << ": " << done.err;
    return output;
}

void end_to_end::expect_same_rows(const std::string& stream, const std::string& live) {
    const std::string restored = restore(stream);
    ASSERT_TRUE(std::filesystem::exists(restored));
    EXPECT_TRUE(tests::dump(restored) == tests::dump(live)) << stream << ": other rows than " << live;
}

void end_to_end::expect_log(const std::string& restored, std::int64_t commits, int writer) {
    ASSERT_TRUE(std::filesystem::exists(restored));
    tests::app copy(restored);
    const std::string where = " FROM log WHERE writer=" + std::to_string(writer);
    EXPECT_EQ(copy.number("SELECT count(*)" + where), commits);
    EXPECT_EQ(copy.number("SELECT coalesce(max(n),0)" + where), commits);
}

void end_to_end::expect_verified() {
    const auto done = tests::flotilla({"verify", "--from", store});
    EXPECT_EQ(done.code, 0) << done.out << done.err;
}

void end_to_end::expect_in_order(const tests::watch& run, const std::string& stream) {
    std::uint64_t last = 0;
    for (const auto& one : run.events("confirmed", stream)) {
        if (last != 0) EXPECT_EQ(one.txid, last + 1) << run.log();
        last = one.txid;
    }
    EXPECT_NE(last, 0U) << "nothing was confirmed";
}

testing::AssertionResult same_pages(const std::string& one, const std::string& other) {
    std::ifstream a(one, std::ios::binary), b(other, std::ios::binary);
    constexpr std::size_t chunk = 1U << 20U;
    std::vector<char> left(chunk), right(chunk);
    for (std::uint64_t at = 0;; at += chunk) {
        a.read(left.data(), chunk);
        b.read(right.data(), chunk);
        if (a.gcount() != b.gcount()) {
            return testing::AssertionFailure() << one << " has " << std::filesystem::file_size(one) << " bytes, " << other << " has "
                                               << std::filesystem::file_size(other);
        }
        const auto n = a.gcount();
        if (at == 0 && n >= 100) {
            for (const std::ptrdiff_t counter : {24, 92}) std::copy_n(left.begin() + counter, 4, right.begin() + counter);
        }
        const auto differ = std::mismatch(left.begin(), left.begin() + n, right.begin());
        if (differ.first != left.begin() + n) {
            return testing::AssertionFailure() << one << " and " << other << " differ at byte " << at + static_cast<std::uint64_t>(differ.first - left.begin());
        }
        if (n < static_cast<std::ptrdiff_t>(chunk)) return testing::AssertionSuccess();
    }
}

}  // namespace e2e
