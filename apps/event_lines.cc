#include "apps/event_lines.h"

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

void event_lines::tell(const engine::event& one) {
    using what = engine::event::what;
    if (json_ && !print_line(event_line(env_.time.wall_ms(), one))) {
        env_.journal.warning("--json: standard output cannot be written any more; going on without it");
        json_ = false;
    }
    // What is troubling the engine logs itself.
    if (one.kind == what::watching) env_.journal.info("watching {}", one.text);
    if (one.kind == what::attached) env_.journal.info("{}: in step, at TXID {}", one.stream, one.txid);
    if (one.kind == what::snapshot) env_.journal.info("{}: snapshot at TXID {} is in the store", one.stream, one.txid);
    if (one.kind == what::confirmed) env_.journal.debug("{}: TXID {} is in the store", one.stream, one.txid);
    if (one.kind == what::handed_off) env_.journal.debug("{}: log restarted; {}", one.stream, one.text);
}

}  // namespace apps
