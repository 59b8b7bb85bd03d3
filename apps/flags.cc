#include "apps/flags.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "apps/places.h"
#include "apps/store_url.h"

namespace apps {

namespace {

constexpr std::uint64_t most_config_bytes = 16U << 20U;

}  // namespace

void add_config_flag(CLI::App& command, flags& into) {
    command.add_option("--config", into.config_file, "settings and databases from this file (flotilla.toml)")->type_name("FILE");
}

void add_json_flag(CLI::App& command, flags& into, const std::string& help) { command.add_flag("--json", into.json, help); }

void add_setting_flag(CLI::App& command, flags& into, const std::string& flag, std::string name, const std::string& help) {
    const auto take = [&into, flag, name](const std::string& text) {
        if (auto ok = set(into.given, name, text); !ok) throw CLI::ValidationError(flag, ok.error().context);
    };
    const unit takes = unit_of(name);
    if (takes == unit::truth) {
        command.add_flag_callback(flag, [take] { take("true"); }, help);
        return;
    }
    const char* type = takes == unit::size ? "SIZE" : takes == unit::time ? "TIME" : takes == unit::count ? "N" : name == "to" ? "URL" : name == "state" ? "DIR" : "TEXT";
    command.add_option_function<std::string>(flag, take, help)->type_name(type);
}

io::result<config> read_config(world& here, const flags& given) {
    if (given.config_file.empty()) return config{};
    auto data = io::read_file(here.env.files, given.config_file, most_config_bytes);
    if (!data) return data.error().as(io::subject::usage).within("--config");
    auto parsed = parse_config(io::text_of(*data), given.config_file);
    if (!parsed) return parsed.error();
    auto real = here.env.files.resolve(given.config_file);
    if (!real) return real.error().as(io::subject::usage).within("--config");
    anchor(*parsed, io::parent_of(*real));
    return parsed;
}

io::result<settings> effective(world& here, const flags& given) {
    auto file = read_config(here, given);
    if (!file) return file.error();
    return given.given.over(file->general);
}

io::result<std::shared_ptr<io::object_store>> open_source(world& here, const flags& given) {
    auto all = effective(here, given);
    if (!all) return all.error();
    if (!all->to) {
        const char* lacks = given.config_file.empty() ? "" : "; the configuration file has no `to`";
        return io::error{io::errc::invalid, io::subject::usage, fmt::format("which store? Say --from URL, or --config FILE{}", lacks)};
    }
    return here.run(open_store(here.env, *all->to, io::directory_store::access::read));
}

io::result<std::string> state_directory(world& here, const flags& given) {
    auto all = effective(here, given);
    if (!all) return all.error();
    return all->state.value_or(default_state_directory(real_surroundings()));
}

}  // namespace apps
