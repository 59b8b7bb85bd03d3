#include "apps/event_lines.h"

#include <fmt/format.h>

namespace apps {

std::string_view name(engine::event::what kind) {
    using what = engine::event::what;
    switch (kind) {
        case what::watching: return "watching";
        case what::attached: return "attached";
        case what::confirmed: return "confirmed";
        case what::snapshot: return "snapshot";
        case what::handed_off: return "handed_off";
        case what::reanchored: return "reanchored";
        case what::detached: return "detached";
        case what::failing: return "failing";
        case what::stopped: return "stopped";
        case what::spilled: return "spilled";
        case what::wal_over_limit: return "wal_over_limit";
        case what::disk_low: return "disk_low";
        case what::upload_failed: return "upload_failed";
        case what::halted: return "halted";
        case what::overtaken: return "overtaken";
        case what::corruption: return "corruption";
        case what::recovered: return "recovered";
        case what::took_over: return "took_over";
    }
    return "unknown";
}

json_object event_line(std::int64_t wall_ms, const engine::event& one) {
    json_object line;
    line.add("time", io::format_time(wall_ms)).add("event", name(one.kind));
    if (!one.stream.empty()) line.add("stream", one.stream).add("txid", one.txid);
    if (!one.text.empty()) line.add("text", one.text);
    return line;
}

json_object ended_line(std::int64_t wall_ms, int exit_code, const std::string& error) {
    json_object line;
    line.add("time", io::format_time(wall_ms)).add("event", "ended").add("exit", exit_code);
    if (!error.empty()) line.add("text", error);
    return line;
}

namespace {

struct sentence {
    io::level severity;
    std::string text;
};

// What an event's line says, after the stream's name.
sentence in_words(const engine::event& one) {
    using what = engine::event::what;
    using io::level;
    switch (one.kind) {
        case what::watching: return {level::info, "watching " + one.text};
        case what::attached: return {level::info, fmt::format("in step, at TXID {}", one.txid)};
        case what::confirmed: return {level::debug, fmt::format("TXID {} is in the store", one.txid)};
        case what::snapshot: return {level::info, fmt::format("snapshot at TXID {} is in the store", one.txid)};
        case what::handed_off: return {level::debug, "log restarted; " + one.text};
        case what::reanchored: return {level::warning, one.text};
        case what::detached: return {level::warning, "waiting: " + one.text};
        case what::failing: return {level::warning, one.text + "; trying again"};
        case what::stopped: return {level::error, "stopped: " + one.text};
        case what::spilled: return {level::info, "spilled: " + one.text};
        case what::wal_over_limit: return {level::warning, "log over its limit: " + one.text};
        case what::disk_low: return {level::error, "disk low: " + one.text};
        case what::upload_failed: return {level::error, "upload failed: " + one.text};
        case what::halted: return {level::error, "halted: " + one.text};
        case what::overtaken: return {level::error, "overtaken: " + one.text};
        case what::corruption: return {level::error, "corruption: " + one.text};
        case what::recovered: return {level::info, "recovered: " + one.text};
        case what::took_over: return {level::warning, "taken over: " + one.text};
    }
    return {level::error, one.text};
}

}  // namespace

void event_lines::tell(const engine::event& one) {
    if (json_ && !print_line(event_line(env_.time.wall_ms(), one))) {
        env_.journal.warning("--json: standard output cannot be written any more; going on without it");
        json_ = false;
    }
    const sentence line = in_words(one);
    if (line.severity != io::level::debug) {
        const io::instant now = env_.time.now();
        say_held_back(limiter_.expire(now));
        const bool first = !limiter_.next();
        const bool admitted = limiter_.admit(one.stream, one.kind, now);
        if (first) wake_.notify();
        if (!admitted) return;
    }
    env_.journal.write(line.severity, one.stream.empty() ? line.text : one.stream + ": " + line.text);
}

void event_lines::say_held_back(const std::vector<line_limiter::summary>& some) {
    for (const auto& one : some) {
        const std::string where = one.stream.empty() ? "" : one.stream + ": ";
        env_.journal.warning("{}{} more \"{}\" events in the last minute are not shown", where, one.suppressed, name(one.kind));
    }
}

io::task<void> event_lines::run() {
    while (!stopping_) {
        co_await wake_.wait(limiter_.next());
        say_held_back(limiter_.expire(env_.time.now()));
    }
    say_held_back(limiter_.drain());
}

void event_lines::stop() {
    stopping_ = true;
    wake_.notify();
}

}  // namespace apps
