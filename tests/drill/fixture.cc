#include "tests/drill/fixture.h"

#include <fmt/format.h>

#include <filesystem>

namespace drill {

namespace fs = std::filesystem;

namespace {

constexpr tests::process::milliseconds long_run{10 * 60'000};

}  // namespace

drill_test::drill_test() { fs::create_directories(databases); }

std::vector<std::string> drill_test::paths(const std::string& word, int count) const {
    std::vector<std::string> out;
    for (int i = 0; i < count; ++i) out.push_back(fmt::format("{}/{}-{}.db", databases, word, i));
    return out;
}

std::string drill_test::stream_of(const std::string& path) { return fs::path(path).filename(); }

std::unique_ptr<tests::watch> drill_test::start(words options, tests::process_options settings) const {
    words arguments{databases, "--to", store, "--state", state};
    arguments.insert(arguments.end(), options.begin(), options.end());
    return std::make_unique<tests::watch>(std::move(arguments), dir.file("watch.log"), std::move(settings));
}

void drill_test::await_another(tests::watch& run, const std::string& kind, const std::vector<std::string>& paths) {
    std::map<std::string, std::size_t> before;
    for (const auto& path : paths) before[stream_of(path)] = run.count(kind, stream_of(path));
    for (const auto& [stream, count] : before) run.await(kind, count + 1, stream);
}

void drill_test::expect_restored(const std::string& path, std::int64_t commits) {
    const std::string output = dir.file(fmt::format("restored-{}.db", ++restored_));
    const auto done = tests::flotilla({"restore", stream_of(path), "--from", store, "-o", output}, {}, long_run);
    ASSERT_EQ(done.code, 0) << path << ": " << done.err;
    EXPECT_EQ(compare(output, stream_of(path), commits), "");
    fs::remove(output);
}

void drill_test::expect_all_restored(const std::map<std::string, std::int64_t>& commits) {
    for (const auto& [path, count] : commits) expect_restored(path, count);
    expect_verified();
}

void drill_test::expect_verified() const {
    const auto done = tests::flotilla({"verify", "--from", store}, {}, long_run);
    EXPECT_EQ(done.code, 0) << done.out << done.err;
}

}  // namespace drill
