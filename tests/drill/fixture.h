// What the drills share: databases in a directory, writers, a watch over them, and the judgement over what comes back.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tests/drill/writers.h"
#include "tests/support/flotilla.h"
#include "tests/support/temp_directory.h"

namespace drill {

using words = std::vector<std::string>;

class drill_test : public testing::Test {
protected:
    tests::temp_directory dir;
    std::string databases = dir.file("databases");  // what is watched
    std::string store = dir.file("store");
    std::string state = dir.file("state");

    drill_test();

    // "<databases>/<word>-<i>.db"; nothing is created.
    std::vector<std::string> paths(const std::string& word, int count) const;
    static std::string stream_of(const std::string& path);

    // `flotilla watch <databases> --to STORE --state STATE OPTIONS...`
    std::unique_ptr<tests::watch> start(words options, tests::process_options settings = {}) const;
    // Waits until each of these streams has told once more of this kind than there were before.
    static void await_another(tests::watch& run, const std::string& kind, const std::vector<std::string>& paths);

    // Restores each and holds it, row by row, against the commits that returned; then verifies the whole store.
    void expect_all_restored(const std::map<std::string, std::int64_t>& commits);
    void expect_restored(const std::string& path, std::int64_t commits);
    void expect_verified() const;

private:
    int restored_ = 0;
};

}  // namespace drill
