// flotilla watch: follows databases until it is told to stop.
#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <boost/asio/signal_set.hpp>
#include <csignal>
#include <exception>
#include <memory>
#include <string>
#include <vector>

#include "apps/command.h"
#include "apps/event_lines.h"
#include "apps/flags.h"
#include "apps/store_url.h"
#include "apps/watch_plan.h"
#include "apps/webhooks.h"
#include "engine/engine.h"
#include "io/task_group.h"
#include "io/tcp_network.h"
#include "wal/live_database.h"

namespace apps {

namespace {

constexpr const char* examples =
    "Examples:\n"
    "  flotilla watch app.db --to /backup                     one database, as the stream \"app.db\"\n"
    "  flotilla watch shop=/srv/shop/app.db --to /backup      under a name of your own\n"
    "  flotilla watch /srv/tenants --to file:///backup        all databases below a directory, later ones included\n"
    "  flotilla watch '/srv/*/app.db' --to /backup            a glob, expanded once at the start (quote it)\n"
    "  flotilla watch --config /etc/flotilla.toml             databases and settings from a file; flags beat it\n"
    "\n"
    "Databases must be in WAL mode. SIGTERM or Ctrl-C: ships what is captured, then ends; a second one ends at once.\n"
    "Times: 500ms, 10s, 2m, 24h, 0. Sizes: bytes, or with KiB MiB GiB (KB MB GB). [defaults] in brackets.\n"
    "\n"
    "flotilla.toml (relative paths are meant from its directory; unknown keys are errors):\n"
    "  to = \"/backup\"\n"
    "  min-interval = \"1s\"          # any flag above, by its name\n"
    "  [[database]]\n"
    "  path = \"/srv/app.db\"         # a file, a directory or a glob\n"
    "  name = \"app\"                 # optional; for a directory: a prefix\n"
    "  checkpoint-size = \"16MiB\"    # settings of this database alone\n"
    "  [stream.\"big/one.db\"]        # settings of a stream found in a directory\n"
    "  min-interval = \"10s\"\n"
    "  [[webhook]]                  # told by POST, in JSON (apps/webhook.h), what an operator should know\n"
    "  url = \"https://ops.example.com/flotilla\"\n"
    "  secret_env = \"HOOK_SECRET\"  # optional: signs each request, X-Flotilla-Signature; secret = \"...\" puts it here\n"
    "  events = [\"stream_halted\"]   # optional; else all: upload_failed, stream_halted, stream_overtaken, re_anchored,\n"
    "                               # wal_over_limit, disk_low, corruption_detected, store_unreachable, recovered\n"
    "  ca = \"/etc/ca.pem\"          # optional: certificates to trust\n"
    "A webhook that does not answer is tried again for 15 minutes an event, and 10 seconds when the watch ends; it delays nothing else.\n"
    "\n"
    "--json prints an object a line: time, event (watching, attached, confirmed, snapshot, handed_off, reanchored, detached, failing,\n"
    "stopped, spilled, wal_over_limit, disk_low, upload_failed, halted, overtaken, corruption, recovered, took_over, ended), stream, txid,\n"
    "text. Keep reading it: nothing is replicated while a line cannot be written.";

struct watch_flags : flags {
    std::vector<std::string> paths;
};

// First signal: stop, in good order. Second: at once.
class stop_signals {
public:
    stop_signals(world& here, engine::engine& fleet, bool json) : here_(here), fleet_(fleet), json_(json), signals_(here.loop(), SIGTERM, SIGINT) {
        wait();
    }
    bool asked() const { return asked_; }

private:
    void wait() {
        signals_.async_wait([this](const boost::system::error_code& canceled, int) {
            if (canceled) return;
            if (asked_) leave();
            asked_ = true;
            here_.env.journal.info("stopping: shipping what is captured; another signal ends at once");
            fleet_.stop();
            wait();
        });
    }

    [[noreturn]] void leave() {
        std::string streams;
        for (const auto& one : fleet_.status()) streams += fmt::format("{}{} (in the store up to TXID {})", streams.empty() ? "" : ", ", one.stream, one.txid);
        const std::string text = fmt::format("ended at once by a second signal; later commits may not be in the store yet: {}. They are still in "
                                             "the databases, and the next watch ships them", streams);
        constexpr int code = static_cast<int>(io::subject::general);
        if (json_) (void)print_line(ended_line(here_.env.time.wall_ms(), code, text));
        fmt::print(stderr, "flotilla: {}\n", text);
        ::_exit(code);
    }

    world& here_;
    engine::engine& fleet_;
    bool json_;
    boost::asio::signal_set signals_;
    bool asked_ = false;
};

io::result<watch_plan> prepare(const watch_flags& given) {
    world quiet;
    auto file = read_config(quiet, given);
    if (!file) return file.error();
    auto plan = plan_watch(quiet.env.files, given.paths, given.given, *file, real_surroundings());
    if (!plan) return plan.error();
    std::array<char, 256> host{};
    if (::gethostname(host.data(), host.size() - 1) == 0) plan->options.host = host.data();
    std::string& who = plan->options.who;
    who = "flotilla watch";
    for (const auto& path : given.paths) who += " " + path;
    if (!given.config_file.empty()) who += " --config " + given.config_file;
    who += fmt::format(" --to {} (pid {})", plan->store, ::getpid());
    return plan;
}

// The name of a [stream] may be a mistake; or its database comes later.
void warn_of_absent_streams(const io::environment& env, const engine::options& options, const std::vector<engine::memo>& followed) {
    for (const auto& [name, changes] : options.overrides) {
        const auto is_it = [&, wanted = &name](const engine::memo& one) { return one.stream == *wanted; };
        if (std::none_of(followed.begin(), followed.end(), is_it))
            env.journal.warning("[stream.\"{}\"] has settings, but there is no such database yet", name);
    }
}

// The name of this host, for who gets a webhook.
std::string host_name() {
    std::array<char, 256> name{};
    return ::gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "";
}

// The engine with what tells of it beside it; what it told at its end is delivered before this returns.
io::task<io::result<void>> run_all(const io::environment& env, engine::engine& fleet, event_lines& lines, webhooks& hooks) {
    io::task_group beside(env.time, env.on);
    beside.spawn(lines.run());
    beside.spawn(hooks.run());
    io::result<void> ended;
    std::exception_ptr bug;
    try {
        ended = co_await fleet.run();
    } catch (...) {
        bug = std::current_exception();
    }
    hooks.stop();
    lines.stop();
    co_await beside.join();
    if (bug) std::rethrow_exception(bug);
    co_return ended;
}

io::result<void> follow(world& here, const watch_plan& plan, bool json) {
    auto store = here.run(open_store(here.env, plan.store, io::directory_store::access::write, plan.unsafe_no_conditional_put));
    if (!store) return store.error();
    here.env.journal.info("flotilla {} with {}", FLOTILLA_VERSION, wal::sqlite_version_note());
    here.env.journal.info("store {}, state directory {}", (*store)->url(), plan.options.state_directory);
    io::tcp_network net(here.env.on);
    webhooks hooks(here.env, net, plan.webhooks, host_name());
    event_lines lines(here.env, json);
    engine::engine fleet(here.env, **store, plan.options);
    fleet.on_event([&](const engine::event& one) {
        lines.tell(one);
        hooks.tell(one);
        if (one.kind == engine::event::what::watching) warn_of_absent_streams(here.env, plan.options, fleet.status());
    });
    const stop_signals signals(here, fleet, json);
    auto ended = here.run(run_all(here.env, fleet, lines, hooks));
    if (ended || !signals.asked()) return ended;
    const bool for_good = ended.error().code == io::errc::overtaken;
    return ended.error().within(for_good ? "not everything is in the store" : "not everything is in the store (the next watch ships it)");
}

io::result<void> watch(const watch_flags& given) {
    auto plan = prepare(given);
    if (!plan) return plan.error();
    world here(plan->log_level);
    auto ended = follow(here, *plan, given.json);
    const int code = ended ? 0 : static_cast<int>(ended.error().about);
    if (given.json) (void)print_line(ended_line(here.env.time.wall_ms(), code, ended ? "" : ended.error().context));
    return ended;
}

}  // namespace

void add_watch(CLI::App& program, action& chosen) {
    CLI::App* command = add_command(program, "watch", "follow databases and ship every commit to a store", examples);
    const auto given = std::make_shared<watch_flags>();
    command->add_option("PATH", given->paths, "databases, directories or globs; NAME=PATH gives a stream its name")->type_name("");
    for (const auto& list : {general_setting_names(), stream_setting_names()}) {
        for (const auto& one : list) add_setting_flag(*command, *given, "--" + std::string(one.name), std::string(one.name), std::string(one.help));
    }
    add_config_flag(*command, *given);
    add_json_flag(*command, *given, "events on standard output, one JSON object a line");
    command->callback([&chosen, given] { chosen = [given] { return watch(*given); }; });
}

}  // namespace apps
