// Frames that were copied to segments while the store was full, then the process dies and something happens to a segment before the next
// start. What is left of it must be proven or told; what was committed is still in the database.
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <filesystem>
#include <functional>

#include "tests/drill/fixture.h"
#include "tests/support/chain_builder.h"
#include "tests/support/small_disk.h"

namespace {

namespace fs = std::filesystem;

// Paths of two streams' segments, oldest first.
using files = std::vector<std::string>;

struct damage {
    std::string name;
    std::function<void(const files& ours, const files& others)> how;
    bool is_told = true;
};

void flip(const std::string& file, std::uintmax_t at) {
    io::bytes data = tests::slurp(file);
    data.at(at) ^= 0x04U;
    tests::spill(file, data);
}

const damage damages[] = {
    {"left_as_they_were", [](const files&, const files&) {}, false},
    {"torn_at_the_end", [](const files& ours, const files&) { fs::resize_file(ours.back(), fs::file_size(ours.back()) - 1000); }, false},
    {"cut_in_the_middle", [](const files& ours, const files&) { fs::resize_file(ours.front(), fs::file_size(ours.front()) / 2); }},
    {"emptied", [](const files& ours, const files&) { fs::resize_file(ours.front(), 0); }},
    {"missing", [](const files& ours, const files&) { fs::remove(ours.front()); }},
    {"all_missing", [](const files& ours, const files&) { for (const auto& each : ours) fs::remove(each); }},
    {"of_another_stream", [](const files& ours, const files& others) { fs::copy_file(others.front(), ours.front(), fs::copy_options::overwrite_existing); }},
    {"flipped_in_its_header", [](const files& ours, const files&) { flip(ours.front(), 20); }},
    {"flipped_in_a_frame", [](const files& ours, const files&) { flip(ours.front(), fs::file_size(ours.front()) / 2); }},
};

class segments : public drill::drill_test, public testing::WithParamInterface<damage> {
protected:
    std::vector<std::string> all = paths("app", 2);

    std::unique_ptr<tests::watch> begin() {
        auto run = start({"--min-interval", "0", "--checkpoint-size", "64KiB", "--wal-limit", "128KiB"});
        for (const auto& path : all) run->await("attached", 1, stream_of(path));
        return run;
    }
    // By stream; the directories do not say which is whose, but one of each is enough.
    std::vector<files> found() const {
        std::vector<files> out;
        if (!fs::exists(state + "/shadow")) return out;
        for (const auto& directory : fs::directory_iterator(state + "/shadow")) {
            files here;
            for (const auto& each : fs::directory_iterator(directory.path())) here.push_back(each.path());
            std::sort(here.begin(), here.end());
            if (!here.empty()) out.push_back(here);
        }
        return out;
    }
    bool each_has_two() const {
        const auto there = found();
        return there.size() == all.size() && std::ranges::all_of(there, [](const files& each) { return each.size() >= 2; });
    }
};

TEST_P(segments, between_two_runs_lose_nothing) {
    tests::small_disk disk(dir.file("disk"), 16U << 20U);
    store = disk.file("store");
    drill::writers applications(all, 0);
    auto run = begin();
    disk.fill();
    for (int commits = 0; !each_has_two(); ++commits) {
        ASSERT_LT(commits, 1000) << run->log();
        applications.commit(all);
    }
    EXPECT_EQ(run->kill(), 128 + SIGKILL);
    const auto there = found();
    ASSERT_EQ(there.size(), 2U);
    GetParam().how(there[0], there[1]);
    disk.give_back();
    run = begin();
    if (GetParam().is_told) EXPECT_GE(run->count("corruption") + run->count("reanchored"), 1U) << run->log();
    applications.commit(all);
    EXPECT_EQ(run->stop(), 0) << run->log();
    expect_all_restored(applications.counts());
}

INSTANTIATE_TEST_SUITE_P(damaged, segments, testing::ValuesIn(damages), [](const auto& each) { return each.param.name; });

}  // namespace
