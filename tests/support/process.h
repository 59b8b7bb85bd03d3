// Another process for a test: started with fork and exec, killed at the latest when this object goes. Everything that goes wrong throws
// std::runtime_error that names the program. Every wait has a deadline, so that a test fails instead of hanging.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tests {

// Where one of the standard streams comes from or goes to.
struct channel {
    enum class kind { inherit, null, pipe, file };
    kind what = kind::inherit;
    std::string path;  // of the file: read from, or created and appended to

    static channel inherit() { return {}; }
    static channel null() { return {kind::null, {}}; }
    static channel pipe() { return {kind::pipe, {}}; }
    static channel file(std::string path) { return {kind::file, std::move(path)}; }
};

struct process_options {
    channel in = channel::null();
    channel out = channel::inherit();
    channel err = channel::inherit();
    std::string directory = {};  // the working directory; empty: this process's
    // Set on top of this process's environment; no value: removed from it.
    std::map<std::string, std::optional<std::string>> environment = {};
};

class process {
public:
    using milliseconds = std::chrono::milliseconds;
    static constexpr milliseconds patience{60'000};

    // argv[0] is looked up in PATH if it has no slash. Throws if it cannot be executed. The child gets SIGKILL if the thread that called
    // this ends, so that nothing is left over from a test that was killed.
    static process start(std::vector<std::string> argv, process_options settings = {});

    process() = default;  // not started: wait() and the like must not be called
    process(process&& other) noexcept;
    process& operator=(process&& other) noexcept;  // kills what was there
    ~process();                                    // SIGKILL and reaped, if it still runs

    pid_t pid() const { return pid_; }
    bool running();
    // No-op if it has ended.
    void send_signal(int number);
    // Its exit code, or 128 + the signal that ended it. Throws if it still runs after `limit`. May be called again.
    int wait(milliseconds limit = patience);
    // Nothing if it still runs after `limit`.
    std::optional<int> wait_for(milliseconds limit);
    // SIGKILL, then wait().
    int kill();

    // Standard input; precondition: options.in was pipe(). False if the other side is gone.
    bool write(std::string_view text);
    void close_in();

    // The next line of standard output or error without its end; precondition: that was pipe(). Nothing at the end of the stream; an
    // unended last line counts as one. Throws if neither comes before `limit`.
    std::optional<std::string> read_line(milliseconds limit = patience) { return next_line(out_, limit); }
    std::optional<std::string> read_error_line(milliseconds limit = patience) { return next_line(err_, limit); }
    // All that is left of standard output, up to its end.
    std::string read_rest(milliseconds limit = patience);

private:
    struct reader {
        int fd = -1;
        std::string buffer;
    };
    std::optional<std::string> next_line(reader& from, milliseconds limit);
    bool fill(reader& from, std::chrono::steady_clock::time_point until);
    void close_all();

    std::string name_;
    pid_t pid_ = -1;
    int pidfd_ = -1;
    std::optional<int> code_;
    int in_ = -1;
    reader out_, err_;
};

struct outcome {
    int code = 0;
    std::string out;
    std::string err;
};

// Runs a program to its end with `input` on its standard input.
outcome run_process(std::vector<std::string> argv, process_options settings = {}, std::string_view input = {},
                    process::milliseconds limit = process::patience);

}  // namespace tests
