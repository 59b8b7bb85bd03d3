#include "apps/watch_plan.h"

#include <fmt/format.h>

#include <algorithm>

#include "apps/store_url.h"
#include "apps/targets.h"

namespace apps {

namespace {

io::error wrong(std::string context) { return {io::errc::invalid, io::subject::usage, std::move(context)}; }

// The settings of a target: defaults, under the file's for all, under its own entry's, under the flags.
engine::stream_options settings_of(const settings& flags, const engine::stream_changes& own, const settings& general) {
    return merge(flags.streams, merge(own, general.streams)).over(engine::stream_options{});
}

std::vector<wanted> all_wanted(io::file_system& files, const std::vector<std::string>& arguments, const settings& flags, const config& file) {
    std::vector<wanted> out;
    for (const auto& argument : arguments) {
        out.push_back(split_argument(files, argument));
        out.back().settings = settings_of(flags, {}, file.general);
    }
    for (const auto& entry : file.databases)
        out.push_back({entry.path, entry.name, settings_of(flags, entry.changes, file.general), entry.said.text() + ": path: "});
    return out;
}

std::string name_of(const engine::target& one) { return one.name.empty() ? io::name_of(one.path) : one.name; }

// A stream's own settings must be able to take effect, and must not have a second place.
io::result<void> check_streams(const config& file, const std::vector<engine::target>& single_files, bool finds_more) {
    for (const auto& [name, entry] : file.streams) {
        const auto is_it = [&, key = &name](const engine::target& one) { return name_of(one) == *key; };
        if (std::any_of(single_files.begin(), single_files.end(), is_it)) {
            return wrong(fmt::format("{}: [stream.\"{}\"] is a database that is named by itself; put its settings there ([[database]])",
                                     entry.said.text(), name));
        }
        if (!finds_more) {
            return wrong(fmt::format("{}: [stream.\"{}\"] is for a database that is found in a directory or by a glob, and none is watched",
                                     entry.said.text(), name));
        }
    }
    return {};
}

// The webhooks with their secrets.
io::result<std::vector<webhook>> webhooks_of(const config& file, const surroundings& here) {
    std::vector<webhook> out;
    for (const auto& entry : file.webhooks) {
        out.push_back(entry.to);
        if (entry.secret_env.empty()) continue;
        const auto value = here.variable(entry.secret_env);
        if (!value) return wrong(fmt::format("{}: secret_env: the environment variable {} is not set, or empty", entry.said.text(), entry.secret_env));
        auto secret = webhook_secret(*value);
        if (!secret) return secret.error().within(fmt::format("{}: secret_env: {}", entry.said.text(), entry.secret_env));
        out.back().secret = std::move(*secret);
    }
    return out;
}

}  // namespace

io::result<watch_plan> plan_watch(io::file_system& files, const std::vector<std::string>& arguments, const settings& flags,
                                  const config& file, const surroundings& here) {
    const settings all = flags.over(file.general);
    if (!all.to) return wrong("where to? Say --to URL (a directory), or `to` in the --config file");
    if (!arguments.empty() && !file.databases.empty())
        return wrong(fmt::format("databases are named both as arguments and in {}; name them in one place", file.databases[0].said.file));
    const std::vector<wanted> named = all_wanted(files, arguments, flags, file);
    if (named.empty()) return wrong("which databases? Name files, directories or globs, or use --config with [[database]]");

    auto webhooks = webhooks_of(file, here);
    if (!webhooks) return webhooks.error();
    watch_plan out;
    out.webhooks = std::move(*webhooks);
    out.store = *all.to;
    out.unsafe_no_conditional_put = all.unsafe_no_conditional_put.value_or(false);
    out.log_level = all.log_level.value_or(io::level::info);
    out.options.state_directory = all.state.value_or(default_state_directory(here));
    if (auto directory = directory_of(out.store)) out.options.excluded.push_back(*directory);
    out.options.lock_directory = lock_directory(here);
    out.options.sweep_interval = all.sweep_interval.value_or(out.options.sweep_interval);
    out.options.drain_limit = all.drain_limit.value_or(out.options.drain_limit);
    out.options.memory_bytes = all.memory_bytes.value_or(out.options.memory_bytes);
    out.options.objects_in_flight = all.objects_in_flight.value_or(out.options.objects_in_flight);
    out.options.disk_limit = all.disk_limit.value_or(out.options.disk_limit);
    out.options.cache_bytes = all.cache_bytes.value_or(out.options.cache_bytes);
    out.options.disk_reserve = all.disk_reserve.value_or(out.options.disk_reserve);
    out.options.lease = all.lease.value_or(out.options.lease);
    out.options.take_over = all.take_over.value_or(out.options.take_over);
    std::vector<engine::target> single_files;
    std::vector<engine::target> directories;
    bool finds_more = false;
    for (const wanted& one : named) {
        auto targets = expand(files, one);
        if (!targets) return targets.error();
        const bool single = targets->size() == 1 && targets->front().kind == engine::target::what::file && !is_glob(files, one.path);
        finds_more = finds_more || !single;
        if (single) single_files.push_back(targets->front());
        for (auto& target : *targets) {
            auto& group = target.kind == engine::target::what::file ? out.options.targets : directories;
            group.push_back(std::move(target));
        }
    }
    out.options.targets.insert(out.options.targets.end(), directories.begin(), directories.end());
    if (auto ok = check_streams(file, single_files, finds_more); !ok) return ok.error();
    for (const auto& [name, entry] : file.streams) out.options.overrides[name] = merge(flags.streams, entry.changes);
    return out;
}

}  // namespace apps
