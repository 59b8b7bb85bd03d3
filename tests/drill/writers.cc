#include "tests/drill/writers.h"

#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <memory>
#include <sstream>
#include <stdexcept>

#include "tests/support/sqlite.h"

namespace drill {

namespace {

using clock = std::chrono::steady_clock;

constexpr int text_length = 120;
constexpr int busy_ms = 60'000;

// The text of row n of the database `name`.
std::string text_of(const std::string& name, std::int64_t n) {
    std::uint64_t state = static_cast<std::uint64_t>(n);
    for (const char c : name) state = (state ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
    std::string out;
    while (out.size() < text_length) {
        state = state * 6364136223846793005U + 1442695040888963407U;
        out += fmt::format("{:08x}", state >> 32U);
    }
    return out;
}

class subject {
public:
    subject(std::string path, habit how) : path_(std::move(path)), name_(std::filesystem::path(path_).filename()), how_(how) {
        auto db = std::make_unique<tests::app>(path_, busy_ms);
        db->run("PRAGMA journal_mode=WAL");
        db->run("CREATE TABLE IF NOT EXISTS log(n INTEGER PRIMARY KEY, x TEXT)");
        n_ = db->number("SELECT coalesce(max(n),0) FROM log");
        if (how_ == habit::kept) db_ = std::move(db);
    }

    void commit() {
        const auto one = db_ ? nullptr : std::make_unique<tests::app>(path_, busy_ms);
        tests::app& db = db_ ? *db_ : *one;
        db.run(fmt::format("INSERT INTO log VALUES({},'{}')", n_ + 1, text_of(name_, n_ + 1)));
        ++n_;
    }

    const std::string& path() const { return path_; }
    std::int64_t n() const { return n_; }

private:
    std::string path_;
    std::string name_;
    habit how_;
    std::unique_ptr<tests::app> db_;
    std::int64_t n_ = 0;
};

class pack {
public:
    pack(int rate, habit how) : how_(how), step_(rate == 0 ? clock::duration::zero() : clock::duration(std::chrono::seconds(1)) / rate) {}

    void add(const std::string& path) {
        subjects_.emplace_back(path, how_);
        subjects_.back().commit();
    }

    // Until standard input ends.
    void run() {
        say("ready");
        auto due = clock::now();
        std::size_t next = 0;
        while (true) {
            const bool idle = step_ == clock::duration::zero() || subjects_.empty();
            const auto wait = std::chrono::duration_cast<std::chrono::milliseconds>(due - clock::now()).count();
            pollfd in{STDIN_FILENO, POLLIN, 0};
            if (::poll(&in, 1, idle ? -1 : static_cast<int>(std::max<std::int64_t>(0, wait))) > 0) {
                if (!answer()) return;
                continue;
            }
            if (next >= subjects_.size()) next = 0;
            subjects_[next++].commit();
            due = std::max<clock::time_point>(due + step_ / static_cast<clock::rep>(subjects_.size()), clock::now() - std::chrono::seconds(1));
        }
    }

    std::string counts() const {
        std::string out;
        for (const auto& each : subjects_) out += fmt::format(" {}", each.n());
        return out;
    }

    static void say(const std::string& words) {
        std::printf("%s\n", words.c_str());
        std::fflush(stdout);
    }

private:
    std::vector<subject>::iterator find(const std::string& path) {
        return std::ranges::find_if(subjects_, [&](const subject& one) { return one.path() == path; });
    }

    bool answer() {
        char line[4096];
        if (std::fgets(line, sizeof line, stdin) == nullptr) return false;
        std::istringstream question(line);
        std::string what, path;
        question >> what >> path;
        std::int64_t n = 0;
        if (what == "add") add(path);
        if (what == "commit") find(path)->commit();
        if (what == "drop") {
            n = find(path)->n();
            subjects_.erase(find(path));
        }
        say(what == "counts" ? "at" + counts() : fmt::format("at {}", n));
        return true;
    }

    habit how_;
    clock::duration step_;
    std::vector<subject> subjects_;
};

}  // namespace

writers::writers(std::vector<std::string> paths, int rate, habit how) : paths_(std::move(paths)) {
    std::vector<std::string> argv{"/proc/self/exe", "--writers", std::to_string(rate), how == habit::kept ? "kept" : "statement"};
    argv.insert(argv.end(), paths_.begin(), paths_.end());
    tests::process_options streams;
    streams.in = tests::channel::pipe();
    streams.out = tests::channel::pipe();
    process_ = tests::process::start(std::move(argv), std::move(streams));
    const auto line = process_.read_line();
    if (line != "ready") throw std::runtime_error("writers: " + line.value_or("ended before their first commits"));
}

std::string writers::ask(const std::string& question) {
    if (!process_.write(question + "\n")) throw std::runtime_error("writers: gone at \"" + question + "\"");
    const auto line = process_.read_line();
    if (!line || !line->starts_with("at")) throw std::runtime_error("writers, asked \"" + question + "\": " + line.value_or("ended"));
    return line->substr(2);
}

std::map<std::string, std::int64_t> writers::counts() {
    std::istringstream answer(ask("counts"));
    std::map<std::string, std::int64_t> out;
    for (const auto& path : paths_) answer >> out[path];
    return out;
}

void writers::await_commits(std::int64_t more) {
    auto before = counts();
    const auto enough = [&] {
        const auto now = counts();
        return std::ranges::all_of(before, [&](const auto& each) { return now.at(each.first) >= each.second + more; });
    };
    while (!enough()) ::poll(nullptr, 0, 10);
}

void writers::commit(const std::vector<std::string>& paths) {
    for (const auto& path : paths) ask("commit " + path);
}

void writers::add(const std::string& path) {
    ask("add " + path);
    paths_.push_back(path);
}

std::int64_t writers::drop(const std::string& path) {
    const std::int64_t n = std::stoll(ask("drop " + path));
    std::erase(paths_, path);
    return n;
}

std::map<std::string, std::int64_t> writers::finish() {
    const auto last = counts();
    process_.close_in();
    std::istringstream answer(process_.read_line().value_or("ended"));
    std::string done;
    answer >> done;
    std::map<std::string, std::int64_t> out;
    for (const auto& path : paths_) answer >> out[path];
    if (done != "done" || process_.wait() != 0 || !answer) throw std::runtime_error("writers: " + done + " " + answer.str());
    return out;
}

std::string compare(const std::string& path, const std::string& name, std::int64_t commits) {
    tests::app db(path);
    sqlite3_stmt* statement = nullptr;
    if (sqlite3_prepare_v2(db.handle(), "SELECT n, x FROM log ORDER BY n", -1, &statement, nullptr) != SQLITE_OK) return sqlite3_errmsg(db.handle());
    std::string wrong;
    std::int64_t rows = 0;
    while (wrong.empty() && sqlite3_step(statement) == SQLITE_ROW) {
        const std::int64_t n = sqlite3_column_int64(statement, 0);
        const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement, 1));
        ++rows;
        if (n != rows) wrong = fmt::format("row {} is missing, the next is {}", rows, n);
        if (wrong.empty() && text_of(name, n) != (text == nullptr ? "" : text)) wrong = fmt::format("row {} has another text", n);
    }
    sqlite3_finalize(statement);
    if (wrong.empty() && rows != commits) wrong = fmt::format("{} rows, but {} commits returned", rows, commits);
    if (wrong.empty()) wrong = db.text("PRAGMA integrity_check");
    return wrong == "ok" ? "" : fmt::format("{}: {}", name, wrong);
}

int run_writers(const std::vector<std::string>& arguments) try {
    pack all(std::stoi(arguments.at(0)), arguments.at(1) == "kept" ? habit::kept : habit::statement);
    for (std::size_t i = 2; i < arguments.size(); ++i) all.add(arguments[i]);
    all.run();
    pack::say("done" + all.counts());
    return 0;
} catch (const std::exception& e) {
    pack::say(fmt::format("failed: {}", e.what()));
    return 1;
}

}  // namespace drill
