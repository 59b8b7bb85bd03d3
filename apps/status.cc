// flotilla status: what state.db knows, while a watch runs and after it.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "apps/command.h"
#include "apps/flags.h"
#include "apps/json.h"
#include "apps/quantity.h"
#include "apps/running.h"
#include "engine/state_store.h"

namespace apps {

namespace {

constexpr const char* examples =
    "Examples:\n"
    "  flotilla status                        every stream of the default state directory\n"
    "  flotilla status --state /srv/state     of another one\n"
    "  flotilla status --json                 one JSON object a stream, a line each\n"
    "\n"
    "It is what the watch wrote down last: moments ago while it runs, and at its end otherwise; the first line says which.";

std::string time_or_none(std::int64_t wall_ms) { return wall_ms == 0 ? "" : io::format_time(wall_ms); }

json_object line_of(const engine::stored_memo& one, const std::optional<std::string>& watcher) {
    const engine::memo& row = one.row;
    json_object line;
    if (watcher) line.add("running", !watcher->empty());
    line.add("store", one.store_url).add("stream", row.stream).add("path", row.path).add("state", row.state).add("problem", row.problem);
    line.add("txid", row.txid).add("durable_time", time_or_none(row.durable_ms)).add("snapshot_txid", row.snapshot_txid);
    line.add("snapshot_time", time_or_none(row.snapshot_ms)).add("page_size", row.page_size).add("page_count", row.page_count);
    line.add("reanchors", row.reanchors).add("pressure", row.pressure).add("shadow_bytes", row.shadow_bytes).add("epoch", row.epoch);
    std::vector<json_object> failed;
    for (const auto& each : one.objects) {
        if (each.state != engine::object_row::fate::failed) continue;
        failed.emplace_back();
        failed.back().add("level", each.name.level).add("min_txid", each.name.range.min).add("max_txid", each.name.range.max);
        failed.back().add("attempts", each.attempts).add("error", each.error).add("file", each.file);
    }
    line.add("failed_objects", failed);
    return line;
}

void print(const std::vector<engine::stored_memo>& rows) {
    std::size_t width = 6;
    for (const auto& one : rows) width = std::max(width, one.row.stream.size());
    std::string store;
    for (const auto& one : rows) {
        const engine::memo& row = one.row;
        if (one.store_url != store) {
            store = one.store_url;
            fmt::print("store {}\n{:<{}}  {:<10}  {:>8}  {:<24}  {:>8}  {:<24}  {}\n", store, "STREAM", width, "STATE", "TXID", "IN THE STORE SINCE",
                       "SNAPSHOT", "MADE", "DATABASE");
        }
        fmt::print("{:<{}}  {:<10}  {:>8}  {:<24}  {:>8}  {:<24}  {}\n", row.stream, width, row.state, row.txid, time_or_none(row.durable_ms),
                   row.snapshot_txid, time_or_none(row.snapshot_ms), row.path);
        if (!row.problem.empty()) fmt::print("{:<{}}  {}\n", "", width, row.problem);
        if (!row.pressure.empty()) fmt::print("{:<{}}  the store is behind: {}; {} wait on local disk\n", "", width, row.pressure, show_size(row.shadow_bytes));
        for (const auto& each : one.objects) {
            if (each.state != engine::object_row::fate::failed) continue;
            fmt::print("{:<{}}  TXID {} was refused by the store {} times: {}; `flotilla retry {}` when the reason is gone\n", "", width, each.name.range.max,
                       each.attempts, each.error, row.stream);
        }
    }
}

io::result<void> status(const flags& given) {
    world here;
    auto directory = state_directory(here, given);
    if (!directory) return directory.error();
    auto rows = engine::read_state(*directory);
    if (!rows) return rows.error();
    const auto watcher = running_watch(here.env.files, *directory);
    if (given.json) {
        for (const auto& one : *rows) (void)print_line(line_of(one, watcher));
    } else {
        if (watcher) fmt::print("{}\n", watcher->empty() ? "no watch is running here; this is what the last one wrote" : "running: " + *watcher);
        print(*rows);
    }
    return {};
}

}  // namespace

void add_status(CLI::App& program, action& chosen) {
    CLI::App* command = add_command(program, "status", "what a watch is doing, from its state directory", examples);
    const auto given = std::make_shared<flags>();
    add_setting_flag(*command, *given, "--state", "state", "the state directory of the watch [as for watch]");
    add_config_flag(*command, *given);
    add_json_flag(*command, *given, "one JSON object a stream, a line each");
    command->callback([&chosen, given] { chosen = [given] { return status(*given); }; });
}

}  // namespace apps
