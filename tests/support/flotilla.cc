#include "tests/support/flotilla.h"

#include <simdjson.h>

#include <csignal>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <utility>

namespace tests {

namespace {

constexpr process::milliseconds whole_run{15 * 60'000};

std::string program() {
    const char* path = std::getenv("FLOTILLA");
    if (path == nullptr) throw std::runtime_error("set FLOTILLA to the program's path");
    return path;
}

std::vector<std::string> command_line(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), program());
    return arguments;
}

std::string text_of(simdjson::dom::element object, const char* key) {
    std::string_view out;
    return object[key].get(out) == simdjson::SUCCESS ? std::string(out) : std::string();
}

watch_event parse(const std::string& line) {
    simdjson::dom::parser parser;
    simdjson::dom::element object;
    if (parser.parse(line).get(object) != simdjson::SUCCESS || !object.is_object()) throw std::runtime_error("not an event: " + line);
    watch_event out;
    out.event = text_of(object, "event");
    out.stream = text_of(object, "stream");
    out.text = text_of(object, "text");
    out.time = text_of(object, "time");
    (void)object["txid"].get(out.txid);
    if (out.event.empty() || out.time.empty()) throw std::runtime_error("not an event: " + line);
    return out;
}

std::vector<watch_event> matching(const std::vector<watch_event>& events, const std::string& kind, const std::string& stream) {
    std::vector<watch_event> out;
    for (const auto& one : events) {
        if (one.event == kind && (stream.empty() || one.stream == stream)) out.push_back(one);
    }
    return out;
}

}  // namespace

outcome flotilla(std::vector<std::string> arguments, process_options settings, process::milliseconds limit) {
    return run_process(command_line(std::move(arguments)), std::move(settings), {}, limit);
}

watch::watch(std::vector<std::string> arguments, std::string log_path, process_options settings) : log_path_(std::move(log_path)) {
    arguments.insert(arguments.begin(), {"watch", "--json"});
    settings.out = channel::pipe();
    settings.err = channel::file(log_path_);
    process_ = process::start(command_line(std::move(arguments)), std::move(settings));
    reader_ = std::thread([this] { read_events(); });
}

watch::~watch() {
    process_.send_signal(SIGKILL);
    reader_.join();
}

void watch::read_events() {
    std::string trouble;
    try {
        while (const auto line = process_.read_line(whole_run)) {
            watch_event one = parse(*line);
            const std::lock_guard held(lock_);
            events_.push_back(std::move(one));
            more_.notify_all();
        }
    } catch (const std::exception& e) {
        trouble = e.what();
    }
    const std::lock_guard held(lock_);
    trouble_ = trouble;
    ended_ = true;
    more_.notify_all();
}

std::vector<watch_event> watch::events() const {
    const std::lock_guard held(lock_);
    return events_;
}

std::vector<watch_event> watch::events(const std::string& kind, const std::string& stream) const {
    const std::lock_guard held(lock_);
    return matching(events_, kind, stream);
}

std::size_t watch::count(const std::string& kind, const std::string& stream) const { return events(kind, stream).size(); }

watch_event watch::await(const std::string& kind, std::size_t how_many, const std::string& stream, process::milliseconds limit) {
    std::unique_lock held(lock_);
    std::vector<watch_event> seen;
    const auto enough = [&] {
        seen = matching(events_, kind, stream);
        return seen.size() >= how_many || ended_;
    };
    more_.wait_for(held, limit, enough);
    if (seen.size() >= how_many) return seen[how_many - 1];
    const std::string why = !trouble_.empty() ? trouble_ : ended_ ? "flotilla has ended" : "the time is over";
    throw std::runtime_error("waiting for \"" + kind + "\" of \"" + stream + "\", " + std::to_string(how_many) + " of them, saw " +
                             std::to_string(seen.size()) + ": " + why + "; its log:\n" + log());
}

watch_event watch::await_after(const std::string& kind, const std::function<void()>& something, const std::string& stream) {
    const std::size_t before = count(kind, stream);
    something();
    return await(kind, before + 1, stream);
}

int watch::wait(process::milliseconds limit) {
    int code = 0;
    try {
        code = process_.wait(limit);
    } catch (const std::exception& e) {
        throw std::runtime_error(std::string(e.what()) + "; its log:\n" + log());
    }
    std::unique_lock held(lock_);
    more_.wait_for(held, limit, [this] { return ended_; });
    if (!trouble_.empty()) throw std::runtime_error(trouble_);
    return code;
}

int watch::stop() {
    process_.send_signal(SIGTERM);
    return wait();
}

int watch::kill() {
    process_.send_signal(SIGKILL);
    return wait();
}

std::string watch::log() const {
    constexpr std::size_t most = 6000;
    std::ifstream in(log_path_, std::ios::binary);
    std::string all{std::istreambuf_iterator<char>(in), {}};
    return all.size() > most ? all.substr(all.size() - most) : all;
}

}  // namespace tests
