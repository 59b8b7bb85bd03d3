// The judge must know a wrong state from a right one, else the crash loop proves nothing.
#include "tests/crash/workload.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <stdexcept>

#include "tests/support/temp_directory.h"

namespace {

constexpr std::uint64_t seed = 42;

class workload_test : public testing::TestWithParam<crash::kind> {
protected:
    tests::temp_directory dir;
    std::string path = dir.file("app.db");

    workload_test() { crash::create(path, GetParam(), seed); }
    std::uint64_t state() const { return crash::state_of(path, GetParam(), seed); }
    void commit(int count) {
        crash::workload work(path, GetParam(), seed);
        for (int i = 0; i < count; ++i) work.commit_next();
    }
};

TEST_P(workload_test, every_state_is_one_number) {
    EXPECT_EQ(state(), 0U);
    for (std::uint64_t n = 1; n <= 5; ++n) {
        commit(1);  // each time by a writer that has just been started
        EXPECT_EQ(state(), n);
    }
    commit(250);
    EXPECT_EQ(state(), 255U);
}

TEST_P(workload_test, whatever_was_not_committed_is_noticed) {
    commit(130);
    std::vector<std::string> wrong{
        "DELETE FROM chain WHERE n=130; INSERT INTO chain SELECT n+2, h, pad FROM chain WHERE n=129",
        "DELETE FROM chain WHERE n=64",
        "UPDATE chain SET pad=x'00' WHERE n=64",
        "UPDATE ballast SET v=zeroblob(length(v)) WHERE id=300",
        "DELETE FROM ballast WHERE id=1",
        "INSERT INTO rows VALUES(5000000, 9, x'00')",
    };
    if (GetParam() == crash::kind::rows) {
        wrong.push_back("UPDATE rows SET v=CAST(v||'x' AS BLOB) WHERE id=(SELECT max(id) FROM rows)");
        wrong.push_back("DELETE FROM rows WHERE id=(SELECT min(id) FROM rows)");
    }
    for (const auto& sql : wrong) {
        const std::string copy = dir.file("copy.db");
        std::filesystem::remove(copy);
        tests::app(path).run("VACUUM INTO '" + copy + "'");
        EXPECT_EQ(crash::state_of(copy, GetParam(), seed), 130U);
        tests::app(copy).run(sql);
        EXPECT_THROW(crash::state_of(copy, GetParam(), seed), std::runtime_error) << sql;
    }
}

INSTANTIATE_TEST_SUITE_P(kinds, workload_test, testing::ValuesIn(crash::all_kinds), [](const auto& each) { return std::string(crash::name(each.param)); });

}  // namespace
