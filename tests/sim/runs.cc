#include "tests/sim/runs.h"

#include <malloc.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <map>
#include <sstream>
#include <stdexcept>

#include "tests/sim/folders.h"

#ifdef FLOTILLA_COVERAGE
extern "C" int __llvm_profile_write_file(void);
#endif

namespace sim {

namespace {

constexpr std::size_t most_waiting = 64;
constexpr std::size_t most_lines = 400;  // of what a process that died had printed

// What a child tells its parent; behind it come the text of outcome::failed, and the marks, each with a line's end.
struct told {
    counts all;
    std::uint64_t text_bytes = 0;
};

// A file without a name.
class scratch {
public:
    explicit scratch(const char* name) : file_(::memfd_create(name, 0)) {
        if (file_ < 0) throw std::runtime_error(fmt::format("memfd_create: {}", std::strerror(errno)));
    }
    scratch(scratch&& other) noexcept : file_(std::exchange(other.file_, -1)) {}
    scratch& operator=(scratch&&) = delete;
    ~scratch() { if (file_ >= 0) ::close(file_); }

    int file() const { return file_; }
    bool write(const void* data, std::size_t bytes) const { return ::write(file_, data, bytes) == static_cast<ssize_t>(bytes); }
    std::string all() const {
        const off_t end = ::lseek(file_, 0, SEEK_END);
        std::string out(end < 0 ? 0 : static_cast<std::size_t>(end), '\0');
        const ssize_t got = ::pread(file_, out.data(), out.size(), 0);
        out.resize(got < 0 ? 0 : static_cast<std::size_t>(got));
        return out;
    }

private:
    int file_;
};

// In the child. noexcept: an exception is the end of the process, not of its caller's loop.
[[noreturn]] void run_here(const experiment& what, const run_settings& how, bool loud, const scratch& answer, const scratch& printed) noexcept {
    if (!how.loud) ::dup2(printed.file(), STDERR_FILENO);
    ::alarm(static_cast<unsigned>(how.limit_s));
    // Nothing is given back to the kernel, which would zero it again a moment later: that was a third of the time.
    ::mallopt(M_MMAP_THRESHOLD, 1 << 30);
    ::mallopt(M_TRIM_THRESHOLD, 1 << 30);
    ::mallopt(M_TOP_PAD, 16 << 20);
    // Never destroyed: a run that failed stopped in the middle, and the process ends anyway.
    const auto carry_out = [loud](auto& one) {
        one.history().loud = loud;
        const outcome out = one.run();
        if (!out.failed.empty() && !loud) {
            for (const auto& line : one.history().newest()) std::fprintf(stderr, "%s\n", line.c_str());
        }
        return out;
    };
    const scenario drawn = what.draw();
    const outcome out = drawn.folders ? carry_out(*new folders(drawn, what.world_seed())) : carry_out(*new simulation(drawn, what.world_seed()));
    const told head{out, out.failed.size()};
    std::string text = out.failed;
    for (const auto& mark : out.marks) text += mark + "\n";
#ifdef FLOTILLA_COVERAGE
    __llvm_profile_write_file();  // _exit does not
#endif
    ::_exit(answer.write(&head, sizeof head) && answer.write(text.data(), text.size()) ? 0 : 1);
}

std::string last_lines(const std::string& text) {
    std::size_t from = text.size();
    for (std::size_t i = 0; i <= most_lines && from != 0 && from != std::string::npos; ++i) from = text.rfind('\n', from - 1);
    return from == std::string::npos || from == 0 ? text : text.substr(from + 1);
}

std::string how_it_ended(int status, const run_settings& how) {
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM) return fmt::format("it did not come to its end in {} s of real time", how.limit_s);
    if (WIFSIGNALED(status)) return fmt::format("the process died of signal {} ({})", WTERMSIG(status), ::strsignal(WTERMSIG(status)));
    return fmt::format("the process exited with {} before it could say how it went", WEXITSTATUS(status));
}

class pool {
public:
    explicit pool(const run_settings& how) : how_(how) {}

    std::size_t size() const { return running_.size(); }

    // `death`: how it ended when it ran for the first time.
    void start(std::size_t index, const experiment& what, const std::string& death = {}) {
        child one{index, what, death, scratch("answer"), scratch("printed")};
        std::fflush(nullptr);
        const pid_t id = ::fork();
        if (id < 0) throw std::runtime_error(fmt::format("fork: {}", std::strerror(errno)));
        if (id == 0) run_here(what, how_, how_.loud || !death.empty(), one.answer, one.printed);
        running_.emplace(id, std::move(one));
    }

    // Waits for one of them. Nothing: it died, and has begun anew, loudly, for its last events: the same seed dies the same death.
    std::optional<std::pair<std::size_t, report>> wait() {
        int status = 0;
        rusage used{};
        const pid_t id = ::wait4(-1, &status, 0, &used);
        const auto found = running_.find(id);
        if (found == running_.end()) throw std::runtime_error(fmt::format("wait4: {}", std::strerror(errno)));
        const child one = std::move(found->second);
        running_.erase(found);
        report out{one.what, {}, 0, {}};
        const std::string answer = one.answer.all();
        for (const timeval& each : {used.ru_utime, used.ru_stime}) out.cpu_s += static_cast<double>(each.tv_sec) + static_cast<double>(each.tv_usec) / 1e6;
        told head;
        const bool whole = answer.size() >= sizeof head && WIFEXITED(status) && WEXITSTATUS(status) == 0;
        const std::string death = whole ? std::string() : how_it_ended(status, how_);
        if (!whole && one.death.empty() && !how_.loud) {
            start(one.index, one.what, death);
            return std::nullopt;
        }
        if (whole) {
            std::memcpy(&head, answer.data(), sizeof head);
            static_cast<counts&>(out.out) = head.all;
            out.out.failed = answer.substr(sizeof head, head.text_bytes);
            std::istringstream marks(answer.substr(sizeof head + head.text_bytes));
            for (std::string mark; std::getline(marks, mark);) out.out.marks.insert(mark);
            if (out.out.failed.empty() && !one.death.empty()) out.out.failed = one.death + ", and when it ran again it did not";
        } else {
            out.out.failed = death;
        }
        if (!out.out.failed.empty()) out.events = last_lines(one.printed.all());
        return std::pair(one.index, std::move(out));
    }

private:
    struct child {
        std::size_t index;
        experiment what;
        std::string death;
        scratch answer;
        scratch printed;
    };
    const run_settings& how_;
    std::map<pid_t, child> running_;
};

}  // namespace

void run_all(const run_settings& how, const std::function<std::optional<experiment>()>& next, const std::function<void(report)>& done) {
    pool children(how);
    std::map<std::size_t, report> waiting;
    std::size_t started = 0;
    std::size_t reported = 0;
    bool more = true;
    while (more || children.size() != 0) {
        while (more && children.size() < how.jobs && started - reported < most_waiting) {
            const auto what = next();
            more = what.has_value();
            if (more) children.start(started++, *what);
        }
        if (children.size() == 0) break;
        if (auto ended = children.wait()) waiting.insert(std::move(*ended));
        for (auto at = waiting.begin(); at != waiting.end() && at->first == reported; at = waiting.erase(at), ++reported) done(std::move(at->second));
    }
}

}  // namespace sim
