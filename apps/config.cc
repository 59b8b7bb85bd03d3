#include "apps/config.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "engine/key.h"
#include "io/file_system.h"

#define TOML_EXCEPTIONS 0
#define TOML_HEADER_ONLY 1
#include <toml++/toml.h>

namespace apps {

namespace {

io::error wrong(const place& where, std::string_view what) {
    return {io::errc::invalid, io::subject::usage, fmt::format("{}: {}", where.text(), what)};
}

std::string names_of(const std::vector<setting_name>& some, std::string_view more) {
    std::string out(more);
    for (const auto& one : some) out += fmt::format("{}{}", out.empty() ? "" : ", ", one.name);
    return out;
}

bool contains(const std::vector<setting_name>& names, std::string_view key) {
    return std::any_of(names.begin(), names.end(), [&](const setting_name& one) { return one.name == key; });
}

class reader {
public:
    explicit reader(const std::string& file) : file_(file) {}

    io::result<config> read(const toml::table& all);

private:
    place at(const toml::source_region& region) const { return {file_, region.begin.line}; }
    place at(const toml::key& key) const { return at(key.source()); }

    // The text of a setting: a string; a whole number for a size or for 0.
    io::result<std::string> text_of(const toml::key& key, const toml::node& value) const;
    template <class Into>
    io::result<void> set_from(Into& into, const toml::key& key, const toml::node& value) const;
    io::result<void> read_databases(const toml::key& key, const toml::node& value);
    io::result<void> read_database(const toml::table& entry);
    io::result<void> read_streams(const toml::key& key, const toml::node& value);
    io::result<void> read_stream(const toml::key& name, const toml::node& value);

    const std::string& file_;
    config out_;
    std::map<std::string, unsigned> paths_;  // and the line that named them first
    std::map<std::string, unsigned> names_;
};

io::result<std::string> reader::text_of(const toml::key& key, const toml::node& value) const {
    if (const auto* text = value.as_string()) return text->get();
    if (const auto* number = value.as_integer(); number != nullptr && number->get() >= 0) return std::to_string(number->get());
    return wrong(at(key), fmt::format("{}: must be text in quotes, as in {} = \"...\"", key.str(), key.str()));
}

template <class Into>
io::result<void> reader::set_from(Into& into, const toml::key& key, const toml::node& value) const {
    auto text = text_of(key, value);
    if (!text) return text.error();
    if (value.is_integer() && (key.str() == "to" || key.str() == "state")) return wrong(at(key), fmt::format("{}: must be text in quotes", key.str()));
    if (auto ok = set(into, key.str(), *text); !ok) return wrong(at(key), fmt::format("{}: {}", key.str(), ok.error().context));
    return {};
}

io::result<void> reader::read_database(const toml::table& entry) {
    database_entry out;
    out.said = at(entry.source());
    for (const auto& [key, value] : entry) {
        if (key == "path" || key == "name") {
            const auto* text = value.as_string();
            if (text == nullptr || text->get().empty()) return wrong(at(key), fmt::format("{}: must be text in quotes, and not empty", key.str()));
            (key == "path" ? out.path : out.name) = text->get();
            auto& seen = key == "path" ? paths_ : names_;
            const auto [first, is_new] = seen.emplace(text->get(), at(key).line);
            if (!is_new) return wrong(at(key), fmt::format("{}: \"{}\" is named twice, first in line {}", key.str(), text->get(), first->second));
        } else if (contains(stream_setting_names(), key.str())) {
            if (auto ok = set_from(out.changes, key, value); !ok) return ok;
        } else {
            return wrong(at(key), fmt::format("unknown key \"{}\" in [[database]]; the keys are {}", key.str(),
                                              names_of(stream_setting_names(), "path, name")));
        }
    }
    if (out.path.empty()) return wrong(out.said, "[[database]] has no path; say path = \"/srv/app.db\" (a file, directory or glob)");
    if (!out.name.empty()) {
        if (auto ok = engine::check_stream_name(out.name); !ok) return wrong(out.said, fmt::format("name: {}", ok.error().context));
    }
    out_.databases.push_back(std::move(out));
    return {};
}

io::result<void> reader::read_databases(const toml::key& key, const toml::node& value) {
    const auto* entries = value.as_array();
    const bool tables = entries != nullptr && std::all_of(entries->begin(), entries->end(), [](const toml::node& one) { return one.is_table(); });
    if (!tables) return wrong(at(key), "database: must be a list of tables; write [[database]] with two brackets");
    for (const auto& one : *entries) {
        if (auto ok = read_database(*one.as_table()); !ok) return ok;
    }
    return {};
}

io::result<void> reader::read_stream(const toml::key& name, const toml::node& value) {
    const auto* settings_of = value.as_table();
    const std::string shown(name.str());
    if (settings_of == nullptr) return wrong(at(name), fmt::format("stream: \"{}\" must be a table; write [stream.\"{}\"]", shown, shown));
    if (auto ok = engine::check_stream_name(shown); !ok) return wrong(at(name), fmt::format("stream: {}", ok.error().context));
    stream_entry out;
    out.said = at(name);
    for (const auto& [key, setting] : *settings_of) {
        if (!contains(stream_setting_names(), key.str())) {
            const bool nested = setting.is_table();
            return wrong(at(key), fmt::format("unknown key \"{}\" in [stream.\"{}\"]; {}", key.str(), shown,
                                              nested ? "a name with dots or slashes must be in quotes"
                                                     : "the keys are " + names_of(stream_setting_names(), "")));
        }
        if (auto ok = set_from(out.changes, key, setting); !ok) return ok;
    }
    out_.streams.emplace(shown, std::move(out));
    return {};
}

io::result<void> reader::read_streams(const toml::key& key, const toml::node& value) {
    const auto* streams = value.as_table();
    if (streams == nullptr) return wrong(at(key), "stream: must be a table; write [stream.\"tenants/big.db\"]");
    for (const auto& [name, settings_of] : *streams) {
        if (auto ok = read_stream(name, settings_of); !ok) return ok;
    }
    return {};
}

io::result<config> reader::read(const toml::table& all) {
    for (const auto& [key, value] : all) {
        io::result<void> ok;
        if (key == "database") {
            ok = read_databases(key, value);
        } else if (key == "stream") {
            ok = read_streams(key, value);
        } else if (contains(general_setting_names(), key.str()) || contains(stream_setting_names(), key.str())) {
            ok = set_from(out_.general, key, value);
        } else {
            ok = wrong(at(key), fmt::format("unknown key \"{}\"; the keys are {}, {}, [[database]] and [stream.\"NAME\"]", key.str(),
                                            names_of(general_setting_names(), ""), names_of(stream_setting_names(), "")));
        }
        if (!ok) return ok.error();
    }
    return std::move(out_);
}

}  // namespace

std::string place::text() const { return fmt::format("{}:{}", file, line); }

io::result<config> parse_config(std::string_view text, const std::string& file) {
    const toml::parse_result parsed = toml::parse(text, file);
    if (!parsed) return wrong({file, parsed.error().source().begin.line}, parsed.error().description());
    return reader(file).read(parsed.table());
}

void anchor(config& what, const std::string& directory) {
    const auto move = [&](std::string& path) {
        if (!path.starts_with('/')) path = io::join(directory, path);
    };
    if (what.general.to && what.general.to->find("://") == std::string::npos) move(*what.general.to);
    if (what.general.state) move(*what.general.state);
    for (auto& one : what.databases) move(one.path);
}

}  // namespace apps
