// Which databases are followed, and under which names.
#include <filesystem>

#include "tests/e2e/fixture.h"

namespace e2e {
namespace {

namespace fs = std::filesystem;

class names : public end_to_end {
protected:
    // A commit to each of them is confirmed and comes back.
    void expect_followed(tests::watch& run, const std::vector<std::pair<std::string, std::string>>& streams_and_paths) {
        for (const auto& [stream, path] : streams_and_paths) {
            run.await("attached", 1, stream);
            run.await_after("confirmed", [&, p = path] { tests::app(p).run("INSERT INTO t(x) VALUES('" + std::to_string(p.size()) + " bytes of a name')"); },
                            stream);
        }
        EXPECT_EQ(run.stop(), 0) << run.log();
        for (const auto& [stream, path] : streams_and_paths) expect_same_rows(stream, path);
        expect_verified();
    }
};

const words odd_names{"with space.db", "it's.db", "say \"hi\".db", "100%.db", "%41.db", "naïve-数据-🚢.db", "line\nbreak.db", "back\\slash.db", "a?b#c&d=e.db",
                      "-dash.db", "no suffix", ".hidden.db", "*.db", "x-wal.db", "$HOME `id`.db"};

TEST_F(names, odd_ones_in_a_directory) {
    const std::string root = dir.file("data");
    fs::create_directory(root);
    std::vector<std::pair<std::string, std::string>> all;
    for (const auto& name : odd_names) {
        create(root + "/" + name);
        all.emplace_back(name, root + "/" + name);
    }
    auto run = start({root});
    expect_followed(*run, all);
    const auto listed = tests::flotilla({"list", "--from", store});
    EXPECT_EQ(listed.code, 0) << listed.err;
}

TEST_F(names, odd_ones_on_the_command_line) {
    const std::string root = dir.file("da ta");
    fs::create_directory(root);
    words paths;
    std::vector<std::pair<std::string, std::string>> all;
    // Names with '=' and '*' mean something there: NAME=PATH says it plainly.
    for (const std::string name : {"with space.db", "it's \"100%\".db", "naïve-数据-🚢.db", "line\nbreak.db"}) {
        create(root + "/" + name);
        paths.push_back(root + "/" + name);
        all.emplace_back(name, root + "/" + name);
    }
    create(root + "/a=b*.db");
    paths.push_back("named=" + root + "/a=b*.db");
    all.emplace_back("named", root + "/a=b*.db");
    auto run = start(paths);
    expect_followed(*run, all);
}

TEST_F(names, symbolic_links) {
    fs::create_directory(dir.file("real"));
    fs::create_directory(dir.file("data"));
    create(dir.file("real/app.db"));
    create(dir.file("real/linked.db"));
    fs::create_symlink("../real/linked.db", dir.file("data/seen.db"));
    fs::create_symlink(dir.file("real/app.db"), dir.file("link.db"));
    auto run = start({dir.file("link.db"), dir.file("data")});
    // Writes go through the link or past it: SQLite keeps one log beside the real file.
    run->await("attached", 1, "link.db");
    run->await_after("confirmed", [&] { tests::app(dir.file("link.db")).run("INSERT INTO t(x) VALUES('through the link')"); }, "link.db");
    expect_followed(*run, {{"link.db", dir.file("real/app.db")}, {"seen.db", dir.file("real/linked.db")}});
}

TEST_F(names, a_directory_with_one_base_name_twice_and_databases_that_come_later) {
    const std::string root = dir.file("tenants");
    fs::create_directories(root + "/one");
    fs::create_directories(root + "/two/deep");
    create(root + "/one/app.db");
    create(root + "/two/deep/app.db");
    auto run = start({root});
    run->await("attached", 2);
    create(root + "/one/later.db");
    run->await("attached", 1, "one/later.db");
    fs::create_directories(root + "/three/new");
    create(root + "/three/new/app.db");
    run->await("attached", 1, "three/new/app.db");
    // What is no database is nobody's business.
    std::filesystem::copy_file("/proc/self/exe", root + "/one/program");
    create(root + "/last.db");
    expect_followed(*run, {{"one/app.db", root + "/one/app.db"},
                           {"two/deep/app.db", root + "/two/deep/app.db"},
                           {"one/later.db", root + "/one/later.db"},
                           {"three/new/app.db", root + "/three/new/app.db"},
                           {"last.db", root + "/last.db"}});
}

TEST_F(names, a_database_that_is_made_wal_later_is_followed_then) {
    const std::string root = dir.file("data");
    fs::create_directory(root);
    tests::app app(root + "/slow.db");
    app.run("CREATE TABLE t(id INTEGER PRIMARY KEY, x TEXT)");
    auto run = start({root});
    run->await("watching");
    app.run("PRAGMA journal_mode=WAL; INSERT INTO t(x) VALUES('now')");
    expect_followed(*run, {{"slow.db", root + "/slow.db"}});
}

TEST_F(names, a_clash_is_an_error_that_says_the_way_out) {
    for (const auto* folder : {"one", "two"}) {
        fs::create_directory(dir.file(folder));
        create(dir.file(folder) + "/app.db");
    }
    auto clash = start({dir.file("one/app.db"), dir.file("two/app.db")});
    EXPECT_EQ(clash->wait(), 2);
    EXPECT_NE(clash->log().find("NAME=PATH"), std::string::npos) << clash->log();
    EXPECT_NE(clash->log().find(dir.file("two/app.db")), std::string::npos) << clash->log();
    auto run = start({dir.file("one/app.db"), "second=" + dir.file("two/app.db")});
    expect_followed(*run, {{"app.db", dir.file("one/app.db")}, {"second", dir.file("two/app.db")}});
}

TEST_F(names, a_glob_and_one_that_matches_nothing) {
    create(dir.file("a.db"));
    create(dir.file("b.db"));
    create(dir.file("c.sqlite"));
    auto nothing = start({dir.file("*.nothing")});
    EXPECT_EQ(nothing->wait(), 2);
    EXPECT_NE(nothing->log().find("*.nothing"), std::string::npos) << nothing->log();
    auto run = start({dir.file("*.db")});
    expect_followed(*run, {{"a.db", dir.file("a.db")}, {"b.db", dir.file("b.db")}});
    EXPECT_EQ(run->count("attached", "c.sqlite"), 0U);
}

}  // namespace
}  // namespace e2e
