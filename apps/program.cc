#include "apps/program.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdio>
#include <exception>

#include "apps/command.h"
#include "wal/live_database.h"

namespace apps {

namespace {

constexpr const char* about =
    "Keeps SQLite databases replicated to a store, commit by commit, and gives any of them back at any point in time.";

constexpr const char* first_steps =
    "First steps:\n"
    "  flotilla watch app.db --to /backup                  follow a database (it must be in WAL mode)\n"
    "  flotilla list --from /backup                        what is in the store\n"
    "  flotilla restore app.db --from /backup -o copy.db   get it back\n"
    "  flotilla verify --from /backup                      is all of it sound?\n"
    "\n"
    "Exit codes: 0 done, 1 general, 2 usage or configuration, 3 a database, 4 the store, 5 integrity, 6 the restore's target\n"
    "`flotilla COMMAND --help` explains a command with examples.";

std::string version() { return fmt::format("flotilla {} with {}", FLOTILLA_VERSION, wal::sqlite_version_note()); }

int complain(const std::string& context, io::subject about_what) {
    fmt::print(stderr, "flotilla: {}\n", context);
    return static_cast<int>(about_what);
}

// A word that is no command is answered with the commands; CLI11 would only say that it did not expect it.
int complain_about_usage(const CLI::App& program, const CLI::ParseError& wrong, int argc, char** argv) {
    const bool named = !program.get_subcommands().empty();
    if (!named && argc > 1 && argv[1][0] != '-') {
        std::string names;
        for (const CLI::App* one : program.get_subcommands([](const CLI::App*) { return true; })) names += " " + one->get_name();
        return complain(fmt::format("there is no command \"{}\"; the commands are:{}", argv[1], names), io::subject::usage);
    }
    const std::string command = named ? "flotilla " + program.get_subcommands().front()->get_name() : "flotilla";
    return complain(fmt::format("{}\n`{} --help` explains", wrong.what(), command), io::subject::usage);
}

}  // namespace

CLI::App* add_command(CLI::App& program, const std::string& name, const std::string& description, const std::string& more) {
    CLI::App* command = program.add_subcommand(name, description);
    command->footer(more);
    command->set_version_flag("--version", version);
    return command;
}

int run_program(int argc, char** argv) {
    // Whoever reads our output may go away; that must not end the watch.
    std::signal(SIGPIPE, SIG_IGN);
    std::signal(SIGXFSZ, SIG_IGN);  // a file size limit is an error like a full disk, and cleaned up after
    CLI::App program(about, "flotilla");
    program.footer(first_steps);
    program.set_version_flag("--version", version);
    program.require_subcommand(0, 1);
    action chosen;
    add_watch(program, chosen);
    add_restore(program, chosen);
    add_list(program, chosen);
    add_verify(program, chosen);
    add_snapshot(program, chosen);
    add_sync(program, chosen);
    add_retry(program, chosen);
    add_status(program, chosen);
    add_store_check(program, chosen);
    try {
        program.parse(argc, argv);
    } catch (const CLI::Success& asked) {  // --help, --version
        return program.exit(asked);
    } catch (const CLI::ParseError& wrong) {
        return complain_about_usage(program, wrong, argc, argv);
    }
    if (!chosen) {
        fmt::print(stderr, "{}", program.help());
        return static_cast<int>(io::subject::usage);
    }
    try {
        const auto done = chosen();
        return done ? 0 : complain(done.error().context, done.error().about);
    } catch (const std::exception& bug) {
        return complain(fmt::format("internal error: {}; please report it", bug.what()), io::subject::general);
    }
}

}  // namespace apps
