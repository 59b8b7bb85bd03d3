// All databases of one engine: finds them, wakes their drivers on events, answers requests, keeps state.db written.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "engine/database.h"
#include "engine/departed.h"
#include "engine/engine.h"
#include "engine/request_box.h"
#include "io/task_group.h"

namespace engine {

class engine::fleet {
public:
    fleet(const io::environment& env, io::object_store& store, options settings);

    std::function<void(const event&)> listener;

    io::task<io::result<void>> run();
    void stop();
    io::task<io::result<std::uint64_t>> snapshot(std::string stream);
    io::task<io::result<std::uint64_t>> flush(std::string stream);
    io::task<io::result<std::uint64_t>> retry(std::string stream);
    io::task<io::result<live_comparison>> compare(std::string stream);
    std::vector<memo> status() const;

private:
    io::result<void> check_settings() const;
    io::result<std::shared_ptr<database>> find(const std::string& stream) const;
    // Finds what the targets mean now, and starts to follow what is new. Strict at the start: a file that cannot be followed, or a
    // clash of names, is an error.
    io::task<io::result<void>> discover_all(bool strict);
    io::task<io::result<void>> adopt(candidate found, bool strict);
    io::task<io::result<bool>> settle_clash(const candidate& found, bool strict);
    io::task<void> follow(std::shared_ptr<database> one);

    io::task<void> listen();
    io::task<void> sweep();
    io::task<void> keep_state();
    io::task<void> answer_requests();
    io::task<void> answer(request_box::request one);
    io::task<io::result<request_box::reply>> carry_out(request_box::request one);
    void on_events(const std::vector<io::watch_event>& events);
    void try_now();
    void watch_directory(const std::string& directory);
    void begin(std::shared_ptr<database> one);
    io::task<io::result<void>> end();

    const io::environment& env_;
    io::object_store& store_;
    options settings_;
    std::unique_ptr<state_store> state_;
    std::unique_ptr<cache_shelf> shelf_;
    std::unique_ptr<departed> departed_;
    std::unique_ptr<heartbeat> heart_;
    std::unique_ptr<neighbours> others_;
    std::unique_ptr<surroundings> around_;
    std::unique_ptr<io::watcher> watcher_;
    request_box requests_;
    std::set<std::string> answering_;  // ids of requests that are being answered
    budgets budgets_;
    std::map<std::string, std::shared_ptr<database>> by_stream_;
    std::map<std::string, std::weak_ptr<database>> by_path_;
    // What a candidate in a directory looked like when it was tried: again when it changes.
    std::map<std::string, std::string> tried_;
    std::set<std::string> file_directories_;  // of the targets that are files
    bool directory_missing_ = false;          // one of these, or of those being followed
    bool started_ = false;
    io::task_group drivers_;
    io::task_group helpers_;
    io::wakeup stopped_;
    io::wakeup state_changed_;
    io::wakeup requested_;
    io::wakeup look_around_;  // a directory target changed
    io::wakeup hurry_;        // ends the pause after looking around
    io::instant told_to_try_{};
    bool stopping_ = false;
    io::result<void> first_failure_;
};

}  // namespace engine
