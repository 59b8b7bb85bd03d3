// flotilla list: what a store holds.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "apps/command.h"
#include "apps/flags.h"
#include "apps/json.h"
#include "apps/quantity.h"
#include "apps/streams.h"
#include "engine/replica.h"
#include "engine/restore_plan.h"

namespace apps {

namespace {

constexpr const char* examples =
    "Examples:\n"
    "  flotilla list --from /backup             every stream: the points that can be restored, objects, bytes\n"
    "  flotilla list app.db --from /backup      one stream\n"
    "  flotilla list --from /backup --json      one JSON object a line\n"
    "\n"
    "Earliest and newest are the points that can be restored by the names of the objects; `flotilla verify` reads them.";

struct list_flags : flags {
    std::string stream;
};

struct point {
    std::uint64_t txid = 0;
    std::string time;
};

struct summary {
    std::string stream;
    point earliest;
    point newest;
    std::uint64_t newest_in_store = 0;  // beyond `newest` if something before it is missing
    std::size_t objects = 0;
    std::size_t snapshots = 0;
    std::uint64_t bytes = 0;
};

// When the object that ends at `txid` was made, by its own header.
io::task<io::result<point>> describe(const engine::replica& where, const std::vector<engine::stored_file>& files, std::uint64_t txid) {
    for (const auto& file : files) {
        if (file.range.max != txid) continue;
        auto header = co_await where.header(file);
        if (!header) co_return header.error();
        co_return point{txid, io::format_time(header->timestamp_ms)};
    }
    co_return point{txid, ""};
}

io::task<io::result<summary>> summarize(io::object_store& store, std::string stream) {
    if (auto ok = engine::check_stream_name(stream); !ok) co_return ok.error();
    const engine::replica where(store, stream);
    auto found = co_await where.list_all();
    if (!found) co_return found.error();
    if (found->files.empty()) co_return io::error{io::errc::not_found, io::subject::integrity, fmt::format("{}: nothing is in the store", stream)};
    summary out;
    out.stream = stream;
    out.objects = found->files.size();
    for (const auto& file : found->files) {
        out.bytes += file.size;
        out.snapshots += ltx::is_snapshot(file.range) ? 1 : 0;
        out.newest_in_store = std::max(out.newest_in_store, file.range.max);
    }
    const auto points = engine::restorable_points(found->files);
    if (points.empty()) co_return out;
    auto earliest = co_await describe(where, found->files, points.front());
    if (!earliest) co_return earliest.error();
    auto newest = co_await describe(where, found->files, points.back());
    if (!newest) co_return newest.error();
    out.earliest = *earliest;
    out.newest = *newest;
    co_return out;
}

void print(const summary& one, std::size_t width, bool json) {
    if (json) {
        json_object line;
        line.add("stream", one.stream).add("earliest_txid", one.earliest.txid).add("earliest_time", one.earliest.time);
        line.add("newest_txid", one.newest.txid).add("newest_time", one.newest.time).add("newest_txid_in_store", one.newest_in_store);
        line.add("objects", one.objects).add("snapshots", one.snapshots).add("bytes", one.bytes);
        (void)print_line(line);
        return;
    }
    fmt::print("{:<{}}  {:>8}  {:<24}  {:>8}  {:<24}  {:>7}  {:>9}  {:>10}\n", one.stream, width, one.earliest.txid, one.earliest.time,
               one.newest.txid, one.newest.time, one.objects, one.snapshots, show_size(one.bytes));
    if (one.newest_in_store != one.newest.txid)
        fmt::print("{:<{}}  the store has TXID {}, which cannot be restored: something before it is missing (flotilla verify)\n", "", width, one.newest_in_store);
}

io::result<void> list(const list_flags& given) {
    world here;
    auto store = open_source(here, given);
    if (!store) return store.error();
    auto names = here.run(streams_to_show(**store, given.stream));
    if (!names) return names.error();
    std::size_t width = 6;
    for (const auto& name : *names) width = std::max(width, name.size());
    if (names->empty() && !given.json) fmt::print("{} holds no streams\n", (*store)->url());
    if (!names->empty() && !given.json) {
        fmt::print("{:<{}}  {:>8}  {:<24}  {:>8}  {:<24}  {:>7}  {:>9}  {:>10}\n", "STREAM", width, "EARLIEST", "TIME", "NEWEST", "TIME", "OBJECTS",
                   "SNAPSHOTS", "SIZE");
    }
    io::result<void> outcome;
    for (const auto& name : *names) {
        auto one = here.run(summarize(**store, name));
        if (one) {
            print(*one, width, given.json);
            continue;
        }
        const io::error wrong = here.run(name_the_others(**store, name, one.error()));
        if (outcome) outcome = wrong;
        else fmt::print(stderr, "flotilla: {}\n", wrong.context);
    }
    return outcome;
}

}  // namespace

void add_list(CLI::App& program, action& chosen) {
    CLI::App* command = add_command(program, "list", "what is in a store", examples);
    const auto given = std::make_shared<list_flags>();
    command->add_option("NAME", given->stream, "one stream only")->type_name("");
    add_setting_flag(*command, *given, "--from", "to", "the store: a directory, as a path or file:///path, or s3://bucket/prefix");
    add_config_flag(*command, *given);
    add_json_flag(*command, *given, "one JSON object a line");
    command->callback([&chosen, given] { chosen = [given] { return list(*given); }; });
}

}  // namespace apps
