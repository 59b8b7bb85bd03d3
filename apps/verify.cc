// flotilla verify: is what the store holds what it claims to be?
#include "engine/verifier.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "apps/command.h"
#include "apps/flags.h"
#include "apps/json.h"
#include "apps/progress.h"
#include "apps/quantity.h"
#include "apps/requests.h"
#include "apps/streams.h"
#include "apps/verify_live.h"

namespace apps {

namespace {

constexpr const char* examples =
    "Examples:\n"
    "  flotilla verify --from /backup             every stream\n"
    "  flotilla verify app.db --from /backup      one of them\n"
    "  flotilla verify --from /backup --json      one JSON object a stream, a line each\n"
    "  flotilla verify --live app.db              does the store hold exactly what the application sees now?\n"
    "\n"
    "Reads every object whole, recomputes every checksum, and applies them in order as a restore would. Exit code 0 only if there is no\n"
    "doubt at all; 5 if there is any, also for an empty store. Writes nothing; may run beside `flotilla watch`.\n"
    "\n"
    "--live asks the running watch (--state) to catch up and to compare every page of the live database with what it shipped, then verifies\n"
    "the store up to that TXID. Without a running watch it reads the database itself, under the lock that a watch would take, and compares it\n"
    "with the newest state in the store. It says \"equal\" only if every page is the same; 5 if not.";

struct verify_flags : flags {
    std::string stream;
    bool live = false;
    live_flags how;
};

std::string text_of(engine::finding::severity how) { return how == engine::finding::severity::doubt ? "doubt" : "note"; }

json_object line_of(const std::string& stream, const engine::verify_report& report) {
    std::vector<json_object> findings;
    for (const auto& one : report.findings) {
        findings.emplace_back();
        findings.back().add("severity", text_of(one.how)).add("key", one.key).add("text", one.text);
    }
    json_object line;
    line.add("stream", stream).add("sound", report.sound()).add("earliest_txid", report.earliest.txid);
    line.add("earliest_time", report.earliest.txid == 0 ? "" : io::format_time(report.earliest.timestamp_ms));
    line.add("newest_txid", report.newest.txid);
    line.add("newest_time", report.newest.txid == 0 ? "" : io::format_time(report.newest.timestamp_ms));
    line.add("objects", report.files).add("snapshots", report.snapshots).add("bytes", report.bytes);
    line.add("checksums_confirmed", report.checksums_confirmed).add("findings", findings);
    return line;
}

void print(const std::string& stream, const engine::verify_report& report) {
    if (report.newest.txid == 0) {
        fmt::print("{}: DOUBTFUL; nothing can be restored; {} objects\n", stream, report.files);
    } else {
        fmt::print("{}: {}; TXID {} ({}) to {} ({}); {} objects, {} snapshots, {}; {} database checksums recomputed\n", stream,
                   report.sound() ? "sound" : "DOUBTFUL", report.earliest.txid, io::format_time(report.earliest.timestamp_ms), report.newest.txid,
                   io::format_time(report.newest.timestamp_ms), report.files, report.snapshots, show_size(report.bytes), report.checksums_confirmed);
    }
    for (const auto& one : report.findings) fmt::print("  {}: {}: {}\n", text_of(one.how), one.key, one.text);
}

// Verifies one stream and prints what was found. A doubt is an error, and so is what kept it from being verified.
io::result<void> verify_one(world& here, io::object_store& store, const std::string& stream, bool json) {
    io::result<engine::verify_report> report = engine::verify_report{};
    {
        progress bar(here.env.time, "verifying " + stream, !json);
        const auto show = [&](const engine::verify_progress& now) { bar.show(now.bytes_done, now.bytes_total); };
        report = here.run(engine::verify(here.env, store, stream, show));
    }
    if (!report) return report.error().within(stream);
    if (json) (void)print_line(line_of(stream, *report));
    else print(stream, *report);
    if (report->sound()) return {};
    io::error doubtful{io::errc::corrupt, io::subject::integrity, fmt::format("{}: not sound", stream)};
    if (report->files > 0) return doubtful;
    doubtful.code = io::errc::not_found;
    return here.run(name_the_others(store, stream, doubtful));
}

io::result<void> verify(const verify_flags& given) {
    if (given.live) {
        if (given.stream.empty()) return io::error{io::errc::invalid, io::subject::usage, "--live: of which stream? Say `flotilla verify --live NAME`"};
        live_flags how = given.how;
        how.stream = given.stream;
        return verify_live(given, how);
    }
    world here;
    auto store = open_source(here, given);
    if (!store) return store.error();
    auto names = here.run(streams_to_show(**store, given.stream));
    if (!names) return names.error();
    if (names->empty()) {
        return io::error{io::errc::not_found, io::subject::integrity,
                         fmt::format("{} holds no streams: there is no backup to verify", (*store)->url())};
    }
    std::size_t failed = 0;
    io::result<void> first;
    for (const auto& name : *names) {
        auto one = verify_one(here, **store, name, given.json);
        if (one) continue;
        if (failed++ == 0) first = one;
        else fmt::print(stderr, "flotilla: {}\n", one.error().context);
    }
    return first;
}

}  // namespace

void add_verify(CLI::App& program, action& chosen) {
    CLI::App* command = add_command(program, "verify", "prove that what is in a store can be restored", examples);
    const auto given = std::make_shared<verify_flags>();
    command->add_option("NAME", given->stream, "one stream only")->type_name("");
    add_setting_flag(*command, *given, "--from", "to", "the store: a directory, as a path or file:///path, or s3://bucket/prefix");
    auto* live = command->add_flag("--live", given->live, "compare with the live database; --from may be left out then");
    add_timeout_flag(*command, given->how.timeout, "--live: how long the running watch may take");
    add_setting_flag(*command, *given, "--state", "state", "--live: the state directory of the watch [as for watch]");
    command->get_option("--timeout")->needs(live);
    command->get_option("--state")->needs(live);
    add_config_flag(*command, *given);
    add_json_flag(*command, *given, "one JSON object a stream, a line each");
    command->callback([&chosen, given] { chosen = [given] { return verify(*given); }; });
}

}  // namespace apps
