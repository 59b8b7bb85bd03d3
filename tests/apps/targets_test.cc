#include "apps/targets.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "io/posix_file_system.h"
#include "tests/support/temp_directory.h"

namespace {

using kind = engine::target::what;

class targets_test : public testing::Test {
protected:
    tests::temp_directory dir;
    io::posix_file_system files;

    std::string touch(const std::string& name) {
        std::filesystem::create_directories(std::filesystem::path(dir.file(name)).parent_path());
        std::ofstream(dir.file(name)) << "x";
        return dir.file(name);
    }

    // "<name> <path below dir>", with a / at the end of directories.
    std::vector<std::string> expand(const std::string& path, const std::string& name = "") {
        auto targets = apps::expand(files, {path, name, {}, ""});
        if (!targets) return {"error: " + targets.error().context};
        std::vector<std::string> out;
        for (const auto& one : *targets)
            out.push_back(one.name + " " + one.path.substr(dir.path().size() + 1) + (one.kind == kind::directory ? "/" : ""));
        return out;
    }
    using list = std::vector<std::string>;
};

TEST_F(targets_test, a_file_and_a_directory_are_what_they_are) {
    touch("data/app.db");
    EXPECT_EQ(expand(dir.file("data/app.db")), list{" data/app.db"});
    EXPECT_EQ(expand(dir.file("data/app.db"), "shop"), list{"shop data/app.db"});
    EXPECT_EQ(expand(dir.file("data"), "tenants"), list{"tenants data/"});
}

TEST_F(targets_test, what_does_not_exist_is_the_databases_error) {
    const auto targets = apps::expand(files, {dir.file("none.db"), "", {}, "f.toml:3: "});
    ASSERT_FALSE(targets.has_value());
    EXPECT_EQ(targets.error().code, io::errc::not_found);
    EXPECT_EQ(targets.error().about, io::subject::database);
    EXPECT_TRUE(targets.error().context.starts_with("f.toml:3: ")) << targets.error().context;
    EXPECT_NE(targets.error().context.find("none.db"), std::string::npos);
}

TEST_F(targets_test, a_glob_takes_files_and_directories_but_no_companions) {
    for (const char* name : {"a.db", "a.db-wal", "a.db-shm", "a.db-journal", "b.db", ".hidden.db", "c.txt", "d.db/x.db"}) touch(name);
    EXPECT_EQ(expand(dir.file("*.db*")), (list{"a.db a.db", "b.db b.db", "d.db d.db/"}));
    EXPECT_EQ(expand(dir.file("[ab].db")), (list{"a.db a.db", "b.db b.db"}));
    EXPECT_EQ(expand(dir.file("?.txt")), list{"c.txt c.txt"});
}

TEST_F(targets_test, names_of_a_glob_begin_at_its_first_wildcard) {
    for (const char* name : {"srv/one/data/app.db", "srv/two/data/app.db", "srv/three/other.db"}) touch(name);
    EXPECT_EQ(expand(dir.file("srv/*/data/app.db")),
              (list{"one/data/app.db srv/one/data/app.db", "two/data/app.db srv/two/data/app.db"}));
    EXPECT_EQ(expand(dir.file("srv//t*/")), (list{"three srv/three/", "two srv/two/"}));
}

TEST_F(targets_test, a_relative_glob_is_meant_from_the_working_directory) {
    touch("x/a.db");
    const auto before = std::filesystem::current_path();
    std::filesystem::current_path(dir.path());
    const auto here = apps::expand(files, {"*/a.db", "", {}, ""});
    std::filesystem::current_path(before);
    ASSERT_TRUE(here.has_value());
    ASSERT_EQ(here->size(), 1U);
    EXPECT_EQ(here->front().path, "x/a.db");
    EXPECT_EQ(here->front().name, "x/a.db");
}

TEST_F(targets_test, E7_a_glob_that_matches_nothing_is_an_error) {
    touch("a.db");
    const auto targets = apps::expand(files, {dir.file("*.sqlite"), "", {}, "f.toml:3: path: "});
    ASSERT_FALSE(targets.has_value());
    EXPECT_EQ(targets.error().about, io::subject::usage);
    EXPECT_TRUE(targets.error().context.starts_with("f.toml:3: path: ")) << targets.error().context;
    EXPECT_NE(targets.error().context.find("*.sqlite"), std::string::npos);
}

TEST_F(targets_test, a_name_for_a_glob_is_an_error) {
    touch("a.db");
    EXPECT_NE(expand(dir.file("*.db"), "x").at(0).find("glob"), std::string::npos);
}

TEST_F(targets_test, a_file_that_is_named_like_a_glob_is_a_file) {
    touch("odd [1]*.db");
    touch("odd 1x.db");
    EXPECT_FALSE(apps::is_glob(files, dir.file("odd [1]*.db")));
    EXPECT_EQ(expand(dir.file("odd [1]*.db")), list{" odd [1]*.db"});
}

TEST_F(targets_test, a_wildcard_in_a_literal_directory_name_is_no_wildcard) {
    touch("[x] dir/a.db");
    touch("[x] dir/b.db");
    EXPECT_EQ(expand(dir.file("[x] dir/*.db")), (list{"a.db [x] dir/a.db", "b.db [x] dir/b.db"}));
}

TEST_F(targets_test, arguments_are_split_at_the_first_equals_sign) {
    EXPECT_EQ(apps::split_argument(files, "shop=/srv/a.db").name, "shop");
    EXPECT_EQ(apps::split_argument(files, "shop=/srv/a=b.db").path, "/srv/a=b.db");
    EXPECT_EQ(apps::split_argument(files, "/srv/a.db").name, "");
    EXPECT_EQ(apps::split_argument(files, "=a.db").path, "=a.db");
    const std::string odd = touch("a=b.db");
    EXPECT_EQ(apps::split_argument(files, odd).path, odd);
    EXPECT_EQ(apps::split_argument(files, odd).name, "");
}

}  // namespace
