// Which databases a target means: odd names, links, loops, companions, reserved names.
#include "engine/discovery.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "io/posix_file_system.h"
#include "tests/support/chain_builder.h"
#include "tests/support/temp_directory.h"

namespace {

namespace fs = std::filesystem;

class discovery : public testing::Test {
protected:
    tests::temp_directory dir;
    io::posix_file_system files;
    std::string data = fs::canonical(dir.path()).string() + "/data";

    discovery() { fs::create_directories(data); }
    void file(const std::string& path, std::size_t size = 4096) {
        fs::create_directories(fs::path(data + "/" + path).parent_path());
        tests::spill(data + "/" + path, io::bytes(size));
    }
    io::result<engine::discovery> look(const std::string& prefix = "") {
        return engine::discover(files, {engine::target::what::directory, prefix, data, {}}, {dir.file("state")});
    }
    static std::vector<std::string> names(const engine::discovery& found) {
        std::vector<std::string> out;
        for (const auto& each : found.found) out.push_back(each.name);
        std::sort(out.begin(), out.end());
        return out;
    }
};

TEST_F(discovery, names_are_paths_relative_to_the_directory) {
    file("app.db");
    file("tenants/a b's.db");
    file("tenants/100%.db");
    file("tenants/ünïcode/\"x\".sqlite");
    auto found = look();
    ASSERT_TRUE(found.has_value()) << found.error().context;
    EXPECT_EQ(names(*found), (std::vector<std::string>{"app.db", "tenants/100%.db", "tenants/a b's.db", "tenants/ünïcode/\"x\".sqlite"}));
    EXPECT_EQ(found->directories.size(), 3U);
    EXPECT_EQ(names(*look("host1")).at(0), "host1/app.db");
}

TEST_F(discovery, companions_and_files_that_cannot_be_databases_are_left_out) {
    file("app.db");
    for (const char* tail : {"-wal", "-shm", "-journal"}) file(std::string("app.db") + tail);
    file("notes.txt", 700);
    file("empty.db", 0);
    file("short.db", 100);
    EXPECT_EQ(names(*look()), std::vector<std::string>{"app.db"});
}

TEST_F(discovery, A8_names_that_are_reserved_for_objects_are_left_out) {
    file("ltx/0/x.db");
    file("00ff/x.db");
    file(".flotilla-tmp/x.db");
    file("ok/x.db");
    EXPECT_EQ(names(*look()), std::vector<std::string>{"ok/x.db"});
}

TEST_F(discovery, directories_that_loop_are_entered_once) {
    file("a/x.db");
    fs::create_directory_symlink(data, data + "/a/up");
    fs::create_directory_symlink(data + "/a", data + "/again");
    auto found = look();
    ASSERT_TRUE(found.has_value());
    EXPECT_EQ(found->found.size(), 1U);
}

TEST_F(discovery, a_linked_file_is_watched_where_it_really_is) {
    const std::string elsewhere = fs::canonical(dir.path()).string() + "/elsewhere";
    fs::create_directories(elsewhere);
    tests::spill(elsewhere + "/real.db", io::bytes(4096));
    fs::create_symlink(elsewhere + "/real.db", data + "/link.db");
    auto found = look();
    ASSERT_TRUE(found.has_value());
    ASSERT_EQ(found->found.size(), 1U);
    EXPECT_EQ(found->found[0].name, "link.db");
    EXPECT_EQ(found->found[0].path, elsewhere + "/real.db");
    EXPECT_NE(std::find(found->directories.begin(), found->directories.end(), elsewhere), found->directories.end()) << "its -wal is there";
}

TEST_F(discovery, a_linked_directory_is_watched_under_its_real_name) {
    const std::string elsewhere = fs::canonical(dir.path()).string() + "/elsewhere";
    fs::create_directories(elsewhere);
    tests::spill(elsewhere + "/real.db", io::bytes(4096));
    fs::create_directory_symlink(elsewhere, data + "/linked");
    auto found = look();
    ASSERT_TRUE(found.has_value());
    ASSERT_EQ(found->found.size(), 1U);
    EXPECT_EQ(found->found[0].name, "linked/real.db");
    EXPECT_EQ(found->found[0].path, elsewhere + "/real.db");
    EXPECT_NE(std::find(found->directories.begin(), found->directories.end(), elsewhere), found->directories.end());
}

TEST_F(discovery, the_state_directory_is_not_looked_into) {
    fs::create_directories(data + "/state");
    file("state/state.db");
    file("app.db");
    auto found = engine::discover(files, {engine::target::what::directory, "", data, {}}, {data + "/state"});
    EXPECT_EQ(names(*found), std::vector<std::string>{"app.db"});
}

TEST_F(discovery, a_file_is_taken_whatever_it_is_and_a_missing_one_is_the_databases_error) {
    file("app.db", 10);
    auto found = engine::discover(files, {engine::target::what::file, "", data + "/app.db", {}}, {dir.file("state")});
    ASSERT_TRUE(found.has_value());
    EXPECT_EQ(found->found.at(0).name, "app.db");
    EXPECT_TRUE(found->found.at(0).named);
    auto missing = engine::discover(files, {engine::target::what::file, "", data + "/none.db", {}}, {dir.file("state")});
    ASSERT_FALSE(missing.has_value());
    EXPECT_EQ(missing.error().code, io::errc::not_found);
    EXPECT_EQ(missing.error().about, io::subject::database);
    auto bad = engine::discover(files, {engine::target::what::file, "../x", data + "/app.db", {}}, {dir.file("state")});
    ASSERT_FALSE(bad.has_value());
    EXPECT_EQ(bad.error().about, io::subject::usage);
}

TEST(database_of, takes_companions_to_their_database) {
    EXPECT_EQ(engine::database_of("x.db-wal"), "x.db");
    EXPECT_EQ(engine::database_of("x.db-shm"), "x.db");
    EXPECT_EQ(engine::database_of("x.db-journal"), "x.db");
    EXPECT_EQ(engine::database_of("x.db"), "x.db");
    EXPECT_EQ(engine::database_of("-wal"), "-wal");
}

}  // namespace
