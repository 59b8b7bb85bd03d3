#include "tests/support/process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <exception>
#include <stdexcept>
#include <thread>
#include <utility>

namespace tests {

namespace {

using clock = std::chrono::steady_clock;

[[noreturn]] void fail(const std::string& name, const std::string& what, int number = 0) {
    throw std::runtime_error(name + ": " + what + (number == 0 ? "" : std::string(": ") + std::strerror(number)));
}

// Milliseconds for poll(2), rounded up, so that it does not spin in the last one.
int left_until(clock::time_point until) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - clock::now()).count();
    return left < 0 ? 0 : static_cast<int>(std::min<long>(left, 1'000'000'000));
}

bool ready(int fd, short events, clock::time_point until) {
    pollfd one{fd, events, 0};
    while (true) {
        const int got = ::poll(&one, 1, left_until(until));
        if (got > 0) return true;
        if (got == 0 && clock::now() >= until) return false;
    }
}

struct ends {
    int child = -1;
    int parent = -1;
};

ends open_channel(const channel& c, int number, const std::string& name) {
    const bool input = number == STDIN_FILENO;
    ends out;
    if (c.what == channel::kind::inherit) {
        out.child = ::fcntl(number, F_DUPFD_CLOEXEC, 3);
    } else if (c.what == channel::kind::pipe) {
        int both[2];
        if (::pipe2(both, O_CLOEXEC) != 0) fail(name, "pipe", errno);
        out = input ? ends{both[0], both[1]} : ends{both[1], both[0]};
    } else {
        const char* path = c.what == channel::kind::null ? "/dev/null" : c.path.c_str();
        out.child = ::open(path, (input ? O_RDONLY : O_WRONLY | O_CREAT | O_APPEND) | O_CLOEXEC, 0644);
    }
    if (out.child < 0) fail(name, "stream " + std::to_string(number) + " " + c.path, errno);
    return out;
}

std::vector<std::string> environment_with(const process_options& settings) {
    std::vector<std::string> out;
    for (char** at = environ; *at != nullptr; ++at) {
        const std::string entry = *at;
        if (settings.environment.count(entry.substr(0, entry.find('='))) == 0) out.push_back(entry);
    }
    for (const auto& [key, value] : settings.environment) {
        if (value) out.push_back(key + "=" + *value);
    }
    return out;
}

std::vector<char*> pointers(std::vector<std::string>& from) {
    std::vector<char*> out;
    for (auto& each : from) out.push_back(each.data());
    out.push_back(nullptr);
    return out;
}

}  // namespace

process process::start(std::vector<std::string> argv, process_options settings) {
    process out;
    out.name_ = argv.at(0);
    ::signal(SIGPIPE, SIG_IGN);  // a child that is gone shows as a failed write
    const channel* channels[] = {&settings.in, &settings.out, &settings.err};
    ends streams[3];
    for (int i = 0; i < 3; ++i) streams[i] = open_channel(*channels[i], i, out.name_);
    int failure[2];  // the child's errno, or its end when exec closes it
    if (::pipe2(failure, O_CLOEXEC) != 0) fail(out.name_, "pipe", errno);
    std::vector<std::string> variables = environment_with(settings);
    const std::vector<char*> arguments = pointers(argv);
    const std::vector<char*> environment = pointers(variables);
    const pid_t parent = ::getpid();
    out.pid_ = ::fork();
    if (out.pid_ < 0) fail(out.name_, "fork", errno);
    if (out.pid_ == 0) {  // only calls that are safe between fork and exec
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (::getppid() != parent) ::_exit(127);
        ::signal(SIGPIPE, SIG_DFL);
        for (int i = 0; i < 3; ++i) ::dup2(streams[i].child, i);
        if (settings.directory.empty() || ::chdir(settings.directory.c_str()) == 0) ::execvpe(arguments[0], arguments.data(), environment.data());
        const int number = errno;
        (void)!::write(failure[1], &number, sizeof number);
        ::_exit(127);
    }
    ::close(failure[1]);
    for (auto& s : streams) ::close(s.child);
    out.in_ = streams[0].parent;
    out.out_.fd = streams[1].parent;
    out.err_.fd = streams[2].parent;
    out.pidfd_ = static_cast<int>(::syscall(SYS_pidfd_open, out.pid_, 0));
    int number = 0;
    const bool failed = ::read(failure[0], &number, sizeof number) == sizeof number;
    ::close(failure[0]);
    if (failed) fail(out.name_, "cannot be started", number);
    return out;
}

process::process(process&& other) noexcept { *this = std::move(other); }

process& process::operator=(process&& other) noexcept {
    std::swap(name_, other.name_);
    std::swap(pid_, other.pid_);
    std::swap(pidfd_, other.pidfd_);
    std::swap(code_, other.code_);
    std::swap(in_, other.in_);
    std::swap(out_, other.out_);
    std::swap(err_, other.err_);
    if (this != &other) other.close_all();
    return *this;
}

process::~process() { close_all(); }

void process::close_all() {
    if (pid_ > 0 && !code_) {
        ::kill(pid_, SIGKILL);
        int status = 0;
        while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {}
    }
    for (int* fd : {&pidfd_, &in_, &out_.fd, &err_.fd}) {
        if (*fd >= 0) ::close(*fd);
        *fd = -1;
    }
    out_.buffer.clear();
    err_.buffer.clear();
    pid_ = -1;
    code_.reset();
}

bool process::running() { return !wait_for(milliseconds(0)); }

void process::send_signal(int number) {
    if (pid_ > 0 && !code_) ::kill(pid_, number);
}

std::optional<int> process::wait_for(milliseconds limit) {
    if (code_) return code_;
    if (pid_ <= 0) fail("process", "was not started");
    if (!ready(pidfd_, POLLIN, clock::now() + limit)) return std::nullopt;
    int status = 0;
    while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {}
    code_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    return code_;
}

int process::wait(milliseconds limit) {
    const auto code = wait_for(limit);
    if (!code) fail(name_, "still runs after " + std::to_string(limit.count()) + " ms");
    return *code;
}

int process::kill() {
    send_signal(SIGKILL);
    return wait();
}

bool process::write(std::string_view text) {
    while (!text.empty()) {
        const auto written = ::write(in_, text.data(), text.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return false;
        text.remove_prefix(static_cast<std::size_t>(written));
    }
    return true;
}

void process::close_in() {
    if (in_ >= 0) ::close(in_);
    in_ = -1;
}

// False at the end of the stream.
bool process::fill(reader& from, clock::time_point until) {
    if (!ready(from.fd, POLLIN, until)) fail(name_, "said nothing in time; so far: " + from.buffer);
    char chunk[65536];
    const auto got = ::read(from.fd, chunk, sizeof chunk);
    if (got < 0 && errno != EINTR) fail(name_, "read", errno);
    if (got > 0) from.buffer.append(chunk, static_cast<std::size_t>(got));
    return got != 0;
}

std::optional<std::string> process::next_line(reader& from, milliseconds limit) {
    const auto until = clock::now() + limit;
    while (true) {
        if (const auto end = from.buffer.find('\n'); end != std::string::npos) {
            std::string line = from.buffer.substr(0, end);
            from.buffer.erase(0, end + 1);
            return line;
        }
        if (fill(from, until)) continue;
        if (from.buffer.empty()) return std::nullopt;
        return std::exchange(from.buffer, {});
    }
}

std::string process::read_rest(milliseconds limit) {
    const auto until = clock::now() + limit;
    while (fill(out_, until)) {}
    return std::exchange(out_.buffer, {});
}

outcome run_process(std::vector<std::string> argv, process_options settings, std::string_view input, process::milliseconds limit) {
    settings.in = channel::pipe();
    settings.out = channel::pipe();
    settings.err = channel::pipe();
    process child = process::start(std::move(argv), std::move(settings));
    outcome out;
    // All three streams at once, or a child that fills one while we wait for another would hang.
    std::exception_ptr failed_out, failed_err;
    std::thread feeding([&] {
        child.write(input);
        child.close_in();
    });
    std::thread complaining([&] {
        try {
            while (auto line = child.read_error_line(limit)) out.err += *line + "\n";
        } catch (...) {
            failed_err = std::current_exception();
        }
    });
    try {
        out.out = child.read_rest(limit);
        out.code = child.wait(limit);
    } catch (...) {
        failed_out = std::current_exception();
        child.send_signal(SIGKILL);
    }
    feeding.join();
    complaining.join();
    if (failed_out) std::rethrow_exception(failed_out);
    if (failed_err) std::rethrow_exception(failed_err);
    return out;
}

}  // namespace tests
