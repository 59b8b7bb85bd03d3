// A database, a directory store and an engine for a test: start, wait for what must happen, stop, restore, compare.
#pragma once

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <algorithm>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/engine.h"
#include "engine/restorer.h"
#include "engine/verifier.h"
#include "io/directory_store.h"
#include "tests/support/broken_store.h"
#include "tests/support/real_environment.h"
#include "tests/support/spoiled_files.h"
#include "tests/support/sqlite.h"
#include "tests/support/temp_directory.h"

namespace tests {

using namespace std::chrono_literals;
using what = engine::event::what;

class engine_world : public testing::Test {
protected:
    temp_directory dir;
    spoiled_files files;  // the disk as the engine sees it
    real_environment world{&files};
    std::unique_ptr<io::directory_store> behind;
    std::unique_ptr<broken_store> store;  // in front of it, as the engine sees it
    std::vector<engine::event> events;
    std::unique_ptr<engine::engine> running;
    std::optional<io::result<void>> ended;
    engine::options settings;
    std::string db_path = dir.file("app.db");

    engine_world() {
        settings.state_directory = dir.file("state");
        settings.lock_directory = dir.file("locks");
        settings.who = "the test";
        settings.targets.push_back({engine::target::what::file, "app.db", db_path, {}});
        settings.targets[0].settings.min_interval = 0s;
        settings.targets[0].settings.checkpoint_bytes = 64U << 10U;
        auto opened = world.run(io::directory_store::open(world.env, dir.file("store"), io::directory_store::access::write));
        behind = std::move(*opened);
        store = std::make_unique<broken_store>(*behind);
    }

    // Watches a directory of databases instead of the one file; returns it.
    std::string watch_directory() {
        const std::string path = dir.file("data");
        std::filesystem::create_directories(path);
        const engine::stream_options own = settings.targets[0].settings;
        settings.targets = {{engine::target::what::directory, "", path, own}};
        return path;
    }

    void create(const std::string& more = "") { create_at(db_path, more); }
    static void create_at(const std::string& path, const std::string& more = "") {
        app db(path);
        db.run("PRAGMA journal_mode=WAL; CREATE TABLE t(id INTEGER PRIMARY KEY, x TEXT);" + more);
    }

    void start() {
        ended.reset();
        running = std::make_unique<engine::engine>(world.env, *store, settings);
        running->on_event([this](const engine::event& e) { events.push_back(e); });
        boost::asio::co_spawn(world.loop(), run(), boost::asio::detached);
    }
    io::task<void> run() { ended = co_await running->run(); }

    // Runs the event loop until the condition holds.
    template <class Condition>
    void until(Condition met) {
        world.loop().restart();
        const auto give_up = std::chrono::steady_clock::now() + 60s;
        while (!met()) {
            if (ended && !ended->has_value()) FAIL() << ended->error().context;
            if (std::chrono::steady_clock::now() >= give_up) FAIL() << "nothing happened for a minute";
            world.loop().run_for(10ms);
            world.loop().restart();
        }
    }

    // Runs the engine until it has ended, which it does with an error, and gives that.
    io::error refusal() {
        world.loop().restart();
        const auto give_up = std::chrono::steady_clock::now() + 60s;
        while (!ended && std::chrono::steady_clock::now() < give_up) world.loop().run_one_for(1s);
        if (!ended) {
            ADD_FAILURE() << "it did not end in a minute";
            return {io::errc::timed_out, io::subject::general, "it did not end"};
        }
        running.reset();
        return ended->has_value() ? io::error{io::errc::invalid, io::subject::general, "it ended well"} : ended->error();
    }

    std::size_t count(what kind, const std::string& stream = "") const {
        return static_cast<std::size_t>(std::count_if(events.begin(), events.end(), [&](const auto& e) {
            return e.kind == kind && (stream.empty() || e.stream == stream);
        }));
    }
    const engine::event& last(what kind) const {
        return *std::find_if(events.rbegin(), events.rend(), [&](const auto& e) { return e.kind == kind; });
    }

    void stop() {
        running->stop();
        until([this] { return ended.has_value(); });
        ASSERT_TRUE(ended->has_value());
        running.reset();
    }

    // As after a crash a while ago: the files of the state directory as they were when keep_state() was called, but for the identity, which is
    // written down durably before anything else happens.
    void keep_state() {
        std::filesystem::remove_all(dir.file("kept"));
        std::filesystem::copy(dir.file("state"), dir.file("kept"), std::filesystem::copy_options::recursive);
    }
    void bring_back_state() {
        std::filesystem::copy_file(dir.file("state/identity"), dir.file("kept/identity"), std::filesystem::copy_options::overwrite_existing);
        bring_back_whole_state();
    }
    // As a copy of the directory has it, or a host that was set back to an earlier time.
    void bring_back_whole_state() {
        std::filesystem::remove_all(dir.file("state"));
        std::filesystem::copy(dir.file("kept"), dir.file("state"), std::filesystem::copy_options::recursive);
    }

    std::size_t objects(int level, const std::string& stream = "app.db") const {
        std::size_t n = 0;
        std::error_code none;
        for (const auto& e : std::filesystem::directory_iterator(dir.file("store/" + stream + "/ltx/" + std::to_string(level)), none)) n += e.is_regular_file();
        return n;
    }

    std::string restore(engine::restore_target at = {}, const std::string& stream = "app.db") {
        engine::restore_request request;
        request.stream = stream;
        request.target = at;
        request.output = dir.file("restored-" + std::to_string(++restored_) + ".db");
        auto report = world.run(engine::restore(world.env, *behind, request));
        if (!report) throw std::runtime_error(report.error().context);
        return request.output;
    }

    void expect_sound(const std::string& stream = "app.db") {
        auto report = world.run(engine::verify(world.env, *behind, stream, {}));
        ASSERT_TRUE(report.has_value()) << report.error().context;
        for (const auto& finding : report->findings) ADD_FAILURE() << finding.key << ": " << finding.text;
    }

private:
    int restored_ = 0;
};

}  // namespace tests
