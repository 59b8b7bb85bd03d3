// The program under test, as a user runs it: the path is in the environment variable FLOTILLA.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/process.h"

namespace tests {

// Runs `flotilla ARGUMENTS...` to its end.
outcome flotilla(std::vector<std::string> arguments, process_options settings = {}, process::milliseconds limit = process::patience);

// One line of `watch --json`. Of a line that is not such an object the test fails, by std::runtime_error.
struct watch_event {
    std::string event;  // "attached", "confirmed", ...
    std::string stream;
    std::string text;
    std::string time;
    std::uint64_t txid = 0;
};

// A running `flotilla watch --json ARGUMENTS...`; its log goes to `log_path`. Its events are read all the time, by a thread, so that it
// never waits for the test. Everything that goes wrong throws std::runtime_error with the end of its log.
class watch {
public:
    watch(std::vector<std::string> arguments, std::string log_path, process_options settings = {});
    ~watch();  // SIGKILL, if it still runs
    watch(const watch&) = delete;
    watch& operator=(const watch&) = delete;

    pid_t pid() const { return process_.pid(); }
    std::vector<watch_event> events() const;
    std::vector<watch_event> events(const std::string& kind, const std::string& stream = "") const;
    // Events of this kind; of this stream, if it is named.
    std::size_t count(const std::string& kind, const std::string& stream = "") const;

    // Waits until so many of a kind have been seen in all, and returns the last of these. Throws if the process ends before, or the
    // time is over.
    watch_event await(const std::string& kind, std::size_t how_many = 1, const std::string& stream = "",
                      process::milliseconds limit = process::patience);
    // One more of this kind than there have been up to this call.
    watch_event await_another(const std::string& kind, const std::string& stream = "") { return await(kind, count(kind, stream) + 1, stream); }
    // Does something, and waits for one more event of the kind than there were before.
    watch_event await_after(const std::string& kind, const std::function<void()>& something, const std::string& stream = "");

    void send_signal(int number) { process_.send_signal(number); }
    // Its exit code, once it has ended and every event was read.
    int wait(process::milliseconds limit = process::patience);
    // SIGTERM, then wait().
    int stop();
    // SIGKILL, then wait().
    int kill();

    // What it has logged so far.
    std::string log() const;

private:
    void read_events();

    std::string log_path_;
    process process_;
    mutable std::mutex lock_;
    std::condition_variable more_;
    std::vector<watch_event> events_;
    std::string trouble_;   // of the reading thread
    bool ended_ = false;    // no event will come any more
    std::thread reader_;
};

}  // namespace tests
