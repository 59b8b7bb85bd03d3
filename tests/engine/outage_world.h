// A store that is down, or slow, while an application goes on writing to a log with a small limit.
#pragma once

#include "tests/engine/engine_world.h"

namespace tests {

class outage_world : public engine_world {
protected:
    static constexpr std::uint64_t limit = 256U << 10U;
    static constexpr std::uint64_t one_commit = 60'000;  // bytes of log, about

    std::unique_ptr<app> db;

    outage_world() {
        settings.targets[0].settings.wal_limit = limit;
        settings.disk_reserve = 0;
    }
    void begin() {
        create();
        start();
        until([&] { return count(what::attached) == 1 && count(what::snapshot) == 1; });
        db = std::make_unique<app>(db_path);
        db->run("PRAGMA wal_autocheckpoint=0");
    }
    std::size_t attached() const { return count(what::attached); }
    void store_goes_down() { store->on_put = [](const std::string&) { return write_fate::refused(); }; }
    void store_comes_back() { store->on_put = nullptr; }
    void commit() { db->run("INSERT INTO t(x) VALUES(hex(randomblob(25000)))"); }
    std::uint64_t log_bytes() const { return std::filesystem::file_size(db_path + "-wal"); }
    std::vector<std::filesystem::path> files_in(const std::string& folder) const {
        std::vector<std::filesystem::path> out;
        if (!std::filesystem::exists(dir.file("state/" + folder))) return out;
        for (const auto& e : std::filesystem::recursive_directory_iterator(dir.file("state/" + folder))) {
            if (e.is_regular_file()) out.push_back(e.path());
        }
        return out;
    }
    std::vector<std::filesystem::path> segments() const { return files_in("shadow"); }
    std::uint64_t bytes_in(const std::string& folder) const {
        std::uint64_t out = 0;
        for (const auto& each : files_in(folder)) out += std::filesystem::file_size(each);
        return out;
    }
    // A commit that is durable when this returns.
    void commit_through() {
        const std::size_t before = count(what::confirmed);
        commit();
        until([&] { return count(what::confirmed) > before; });
    }
    // The store goes down, and there is an object in flight that holds less than what will be spilled.
    void begin_outage() {
        store_goes_down();
        const std::size_t before = store->puts.size();
        commit();
        until([&] { return store->puts.size() > before; });
    }
    // Commits until a spill is over. The application does not write faster than the log is looked at.
    void spill_once() {
        const std::size_t before = count(what::handed_off);
        for (std::uint64_t written = 0; written < limit; written += one_commit) commit();
        until([&] { return count(what::handed_off) > before; });
    }
    void write_through(int spills) {
        for (int i = 0; i < spills; ++i) {
            spill_once();
            EXPECT_LE(log_bytes(), limit + 3 * one_commit);  // a log that is restarted keeps its length
        }
    }
    void expect_all_back(std::size_t runs = 1) {
        EXPECT_EQ(count(what::reanchored), 0U);
        EXPECT_EQ(count(what::stopped), 0U);
        EXPECT_EQ(count(what::attached), runs) << "nothing went wrong that was mended by beginning anew";
        EXPECT_TRUE(dump(restore()) == dump(db_path));
        expect_sound();
    }
};

}  // namespace tests
