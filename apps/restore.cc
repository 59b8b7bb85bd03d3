// flotilla restore: a database at a point in time.
#include "engine/restorer.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <boost/asio/signal_set.hpp>
#include <charconv>
#include <csignal>
#include <memory>

#include "apps/command.h"
#include "apps/flags.h"
#include "apps/json.h"
#include "apps/progress.h"
#include "apps/quantity.h"
#include "apps/streams.h"

namespace apps {

namespace {

constexpr const char* examples =
    "Examples:\n"
    "  flotilla restore app.db --from /backup -o app.db                                    the latest state\n"
    "  flotilla restore app.db --from /backup -o then.db --timestamp 2026-11-23T08:00:00Z  as it was at that moment\n"
    "  flotilla restore app.db --from /backup -o then.db --txid 17                         after that transaction\n"
    "  flotilla restore app.db --from /backup --dry-run                                    what it would take; writes nothing\n"
    "  flotilla restore app.db --config /etc/flotilla.toml -o app.db --force               replace a file that exists\n"
    "\n"
    "The result is exactly the state asked for, or an error; the output appears only once everything is proven. A timestamp means the newest\n"
    "state committed at or before it; without a zone it is UTC (\"2026-11-23 08:00:00\", \"2026-11-23T09:00:00+01:00\"). `flotilla list`\n"
    "shows names and times. Stop the application before you replace its database.";

struct restore_flags : flags {
    engine::restore_request request;
};

std::uint64_t parse_txid(const std::string& text) {
    std::uint64_t txid = 0;
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), txid);
    if (failed != std::errc() || end != text.data() + text.size() || txid == 0)
        throw CLI::ValidationError("--txid", fmt::format("\"{}\" is not a TXID: a whole number from 1, as `flotilla list` shows them", text));
    return txid;
}

std::int64_t parse_timestamp(const std::string& text) {
    std::int64_t wall_ms = 0;
    if (!io::parse_time(text, wall_ms))
        throw CLI::ValidationError("--timestamp", fmt::format("\"{}\" is not a time; write 2026-11-23T08:00:00Z (no zone means UTC)", text));
    return wall_ms;
}

engine::integrity_level parse_integrity(const std::string& text) {
    if (text == "none") return engine::integrity_level::none;
    if (text == "quick") return engine::integrity_level::quick;
    if (text == "full") return engine::integrity_level::full;
    throw CLI::ValidationError("--integrity", fmt::format("\"{}\" is none of none, quick, full", text));
}

void add_flags(CLI::App& command, engine::restore_request& into) {
    using text = const std::string&;
    const auto at_txid = [&into](text value) { into.target = engine::restore_target::at_txid(parse_txid(value)); };
    const auto at_time = [&into](text value) { into.target = engine::restore_target::at_time(parse_timestamp(value)); };
    const auto integrity = [&into](text value) { into.integrity = parse_integrity(value); };
    command.add_option("-o,--output", into.output, "the file to make")->type_name("FILE");
    CLI::Option* txid = command.add_option_function<std::string>("--txid", at_txid, "exactly this transaction")->type_name("N");
    command.add_option_function<std::string>("--timestamp", at_time, "the newest state at or before this time")->type_name("TIME")->excludes(txid);
    command.add_flag("--force", into.force, "replace the output if it exists");
    command.add_option_function<std::string>("--integrity", integrity, "SQLite's own check of the result, beside all checksums: none, quick or full [quick]")
        ->type_name("LEVEL");
    command.add_flag("--dry-run", into.dry_run, "plan and check, but write nothing");
}

void print(const restore_flags& given, const engine::restore_report& report) {
    const std::uint64_t bytes = std::uint64_t{report.page_size} * report.page_count;
    const std::string when = io::format_time(report.timestamp_ms);
    const auto& request = given.request;
    if (given.json) {
        json_object line;
        line.add("stream", request.stream).add("output", request.output).add("dry_run", request.dry_run).add("txid", report.txid);
        line.add("timestamp", when).add("page_size", report.page_size).add("page_count", report.page_count).add("bytes", bytes);
        line.add("fetched_bytes", report.fetched_bytes).add("database_checksum", report.database_checksum).add("objects", report.keys);
        (void)print_line(line);
        return;
    }
    fmt::print("{} {} at TXID {} ({}){}{}: {} pages, {}, from {} objects ({} fetched)\n", request.dry_run ? "would restore" : "restored",
               request.stream, report.txid, when, request.output.empty() ? "" : " to ", request.output, report.page_count, show_size(bytes),
               report.keys.size(), show_size(report.fetched_bytes));
}

// A signal ends the restore in good order, its temporary removed; a second one ends the program at once.
class stop_signals {
public:
    explicit stop_signals(boost::asio::io_context& loop) : signals_(loop, SIGTERM, SIGINT) {
        signals_.async_wait([this](const boost::system::error_code& canceled, int) {
            if (canceled) return;
            asked_ = true;
            signals_.clear();
        });
    }
    bool asked() const { return asked_; }

private:
    boost::asio::signal_set signals_;
    bool asked_ = false;
};

io::result<void> restore(const restore_flags& given) {
    if (given.request.output.empty() && !given.request.dry_run)
        return io::error{io::errc::invalid, io::subject::usage, "where to? Say -o FILE, or --dry-run to see what it would take"};
    world here;
    auto store = open_source(here, given);
    if (!store) return store.error();
    engine::restore_request request = given.request;
    progress bar(here.env.time, "restoring " + request.stream, !given.json);
    request.progress = [&](const engine::restore_progress& now) { bar.show(now.pages_done, now.pages_total); };
    const stop_signals signals(here.loop());
    request.give_up = [&] { return signals.asked(); };
    auto report = here.run(engine::restore(here.env, **store, request));
    if (!report) return here.run(name_the_others(**store, request.stream, report.error()));
    print(given, *report);
    return {};
}

}  // namespace

void add_restore(CLI::App& program, action& chosen) {
    CLI::App* command = add_command(program, "restore", "bring a database back, as it is or as it was", examples);
    const auto given = std::make_shared<restore_flags>();
    command->add_option("NAME", given->request.stream, "the stream")->required()->type_name("");
    add_setting_flag(*command, *given, "--from", "to", "the store: a directory, as a path or file:///path, or s3://bucket/prefix");
    add_flags(*command, given->request);
    add_config_flag(*command, *given);
    add_json_flag(*command, *given, "the report as a JSON object");
    command->callback([&chosen, given] { chosen = [given] { return restore(*given); }; });
}

}  // namespace apps
