// Databases that are deleted for good leave nothing behind on this host, unless something of them waits for the store.
#include <filesystem>
#include <fstream>

#include "engine/key.h"
#include "engine/set_aside.h"
#include "engine/state_store.h"
#include "tests/engine/engine_world.h"

namespace {

using namespace std::chrono_literals;
using tests::what;
using tests::write_fate;
namespace fs = std::filesystem;

class departed : public tests::engine_world {
protected:
    const std::string data = watch_directory();

    departed() {
        settings.sweep_interval = 50ms;
        settings.forget_after = 1ms;
        settings.disk_reserve = 0;
    }
    void remove_database(const std::string& name) {
        for (const char* tail : {"", "-wal", "-shm"}) fs::remove(data + "/" + name + tail);
    }
    bool has_row(const std::string& name) const {
        const auto rows = engine::read_state(dir.file("state"));
        return rows && std::ranges::any_of(*rows, [&](const auto& one) { return one.row.stream == name; });
    }
    // What lies in a folder of the state directory for the stream.
    std::size_t files_of(const std::string& folder, const std::string& name) const {
        const std::string path = dir.file("state/" + folder + "/" + engine::local_id(store->url(), name));
        if (!fs::exists(path)) return 0;
        if (!fs::is_directory(path)) return 1;
        std::size_t n = 0;
        for (const auto& e : fs::recursive_directory_iterator(path)) n += e.is_regular_file();
        return n;
    }
    // One that is deleted now is forgotten, and so the others were looked at since.
    void until_looked_at() {
        const std::string marker = "marker-" + std::to_string(++markers_) + ".db";
        store->on_put = nullptr;
        create_at(data + "/" + marker);
        until([&] { return count(what::snapshot, marker) == 1 && has_row(marker); });
        remove_database(marker);
        until([&] { return !has_row(marker); });
        EXPECT_EQ(files_of("sums", marker), 0U);
    }

private:
    int markers_ = 0;
};

TEST_F(departed, a_database_that_was_deleted_is_forgotten_and_proven_from_the_store_when_it_is_back) {
    settings.cache_bytes = 1U << 20U;
    create_at(data + "/a.db", "INSERT INTO t(x) VALUES('one')");
    start();
    until([&] { return count(what::snapshot, "a.db") == 1 && has_row("a.db") && files_of("cache", "a.db") != 0; });
    fs::copy_file(data + "/a.db", dir.file("kept.db"));
    remove_database("a.db");
    until([&] { return !has_row("a.db"); });
    EXPECT_EQ(files_of("sums", "a.db"), 0U);
    EXPECT_EQ(files_of("cache", "a.db"), 0U);
    const std::size_t attached = count(what::attached, "a.db");
    fs::copy_file(dir.file("kept.db"), data + "/a.db");
    until([&] { return count(what::attached, "a.db") > attached; });
    const std::size_t before = count(what::confirmed, "a.db");
    tests::app(data + "/a.db").run("INSERT INTO t(x) VALUES('two')");
    until([&] { return count(what::confirmed, "a.db") > before && has_row("a.db"); });
    stop();
    EXPECT_EQ(tests::dump(restore({}, "a.db")), tests::dump(data + "/a.db"));
    expect_sound("a.db");
}

TEST_F(departed, one_that_is_missing_for_less_long_is_remembered_and_so_is_one_that_is_not_watched_any_more) {
    settings.forget_after = 24h;
    create_at(data + "/a.db");
    create_at(data + "/b.db");
    start();
    until([&] { return count(what::snapshot, "a.db") == 1 && count(what::snapshot, "b.db") == 1 && has_row("a.db"); });
    remove_database("a.db");
    const auto gone_ms = [&] { return engine::read_state(dir.file("state"))->at(0).row.gone_ms; };
    until([&] { return gone_ms() != 0; });
    stop();
    const std::int64_t since = gone_ms();
    settings.excluded = {data + "/b.db"};
    settings.forget_after = 1ms;
    settings.targets = {{engine::target::what::directory, "", dir.file("elsewhere"), settings.targets[0].settings}};
    fs::create_directories(dir.file("elsewhere"));
    EXPECT_GT(since, 0);
    start();
    until([&] { return !has_row("a.db"); });
    EXPECT_TRUE(has_row("b.db")) << "it is there";
    EXPECT_EQ(files_of("sums", "b.db"), 1U);
    stop();
}

TEST_F(departed, A5_one_with_commits_in_segments_is_never_forgotten) {
    settings.targets[0].settings.wal_limit = 64U << 10U;
    settings.drain_limit = 100ms;
    create_at(data + "/a.db");
    start();
    until([&] { return count(what::snapshot, "a.db") == 1; });
    store->on_put = [](const std::string&) { return write_fate::refused(); };
    {
        tests::app db(data + "/a.db");
        db.run("PRAGMA wal_autocheckpoint=0; INSERT INTO t(x) VALUES('in flight')");
        until([&] { return count(what::failing, "a.db") == 1; });
        for (int i = 0; i < 4; ++i) db.run("INSERT INTO t(x) VALUES(hex(randomblob(30000)))");
        until([&] { return files_of("shadow", "a.db") != 0 && count(what::handed_off, "a.db") != 0; });
    }
    running->stop();
    (void)refusal();
    remove_database("a.db");
    start();
    until_looked_at();
    EXPECT_TRUE(has_row("a.db"));
    EXPECT_EQ(files_of("sums", "a.db"), 1U);
    EXPECT_GT(files_of("shadow", "a.db"), 0U);
    stop();
}

TEST_F(departed, A5_F9_one_with_a_refused_object_is_never_forgotten) {
    create_at(data + "/a.db");
    start();
    until([&] { return count(what::snapshot, "a.db") == 1; });
    store->on_put = [](const std::string& key) { return key.starts_with("a.db/") ? write_fate::refused(io::errc::access_denied) : write_fate{}; };
    tests::app(data + "/a.db").run("INSERT INTO t(x) VALUES('refused')");
    until([&] { return count(what::halted, "a.db") == 1; });
    running->stop();
    (void)refusal();
    remove_database("a.db");
    start();
    until_looked_at();
    EXPECT_TRUE(has_row("a.db"));
    EXPECT_EQ(files_of("cache", "a.db"), 1U);
    stop();
}

TEST_F(departed, of_what_was_moved_aside_the_newest_stay_once_the_stream_is_in_step) {
    create_at(data + "/a.db");
    const std::string folder = dir.file("state/shadow/" + engine::local_id(store->url(), "a.db"));
    fs::create_directories(folder);
    const auto write = [](const std::string& path) { std::ofstream(path) << "damaged"; };
    for (int ms = 7; ms <= 13; ++ms) write(folder + "/0000000000000001.damaged-" + std::to_string(ms));
    write(folder + "/0000000000000001.damaged-by-hand");
    start();
    until([&] { return count(what::attached, "a.db") == 1; });
    stop();
    for (int ms = 7; ms <= 13; ++ms) EXPECT_EQ(fs::exists(folder + "/0000000000000001.damaged-" + std::to_string(ms)), ms >= 10) << ms;
    EXPECT_TRUE(fs::exists(folder + "/0000000000000001.damaged-by-hand"));
}

}  // namespace
