#include "apps/targets.h"

#include <fmt/format.h>
#include <fnmatch.h>

#include "engine/discovery.h"

namespace apps {

namespace {

constexpr std::string_view wildcards = "*?[";

io::error wrong(const wanted& what, std::string_view context) {
    return {io::errc::invalid, io::subject::usage, fmt::format("{}{}", what.said, context)};
}

bool is_directory(io::file_system& files, const std::string& path) {
    auto status = files.status(path);
    return status && status->kind == io::file_kind::directory;
}

std::vector<std::string> parts_of(const std::string& path) {
    std::vector<std::string> parts;
    for (std::size_t begin = 0; begin < path.size();) {
        const std::size_t end = std::min(path.find('/', begin), path.size());
        if (end > begin) parts.push_back(path.substr(begin, end - begin));
        begin = end + 1;
    }
    return parts;
}

struct match {
    std::string path;
    std::string name;  // from the last directory without a wildcard
};

// What in the directories `bases` the pattern's next part means. A base that cannot be read matches nothing.
std::vector<match> step(io::file_system& files, const std::vector<match>& bases, const std::string& part) {
    std::vector<match> out;
    for (const match& base : bases) {
        auto entries = files.list(base.path.empty() ? "." : base.path);
        if (!entries) continue;
        for (const auto& entry : *entries) {
            if (::fnmatch(part.c_str(), entry.name.c_str(), FNM_PERIOD) != 0) continue;
            if (entry.kind == io::file_kind::other) continue;
            if (entry.kind == io::file_kind::regular && engine::database_of(entry.name) != entry.name) continue;
            out.push_back({base.path.empty() ? entry.name : io::join(base.path, entry.name),
                           base.name.empty() ? entry.name : base.name + "/" + entry.name});
        }
    }
    return out;
}

std::vector<match> matches_of(io::file_system& files, const std::string& pattern) {
    std::vector<match> found{{pattern.starts_with('/') ? "/" : "", ""}};
    bool fixed = true;
    for (const std::string& part : parts_of(pattern)) {
        const std::string literal = found.empty() || found[0].path.empty() ? part : io::join(found[0].path, part);
        fixed = fixed && (part.find_first_of(wildcards) == std::string::npos || files.status(literal));
        if (fixed) {
            found[0].path = literal;
            continue;
        }
        found = step(files, found, part);
    }
    return found;
}

}  // namespace

wanted split_argument(io::file_system& files, const std::string& argument) {
    const std::size_t equals = argument.find('=');
    if (equals == std::string::npos || equals == 0 || files.status(argument)) return {argument, "", {}, ""};
    return {argument.substr(equals + 1), argument.substr(0, equals), {}, ""};
}

bool is_glob(io::file_system& files, const std::string& path) {
    return path.find_first_of(wildcards) != std::string::npos && !files.status(path);
}

io::result<std::vector<engine::target>> expand(io::file_system& files, const wanted& what) {
    using kind = engine::target::what;
    if (what.path.empty()) return wrong(what, fmt::format("\"{}=\" names no path", what.name));
    if (!is_glob(files, what.path)) {
        if (auto there = files.status(what.path); !there) return there.error().as(io::subject::database).within(what.said + "database");
        const kind is = is_directory(files, what.path) ? kind::directory : kind::file;
        return std::vector<engine::target>{{is, what.name, what.path, what.settings}};
    }
    if (!what.name.empty())
        return wrong(what, fmt::format("a name (\"{}\") cannot be given to a glob (\"{}\"): it may match several databases", what.name, what.path));
    std::vector<engine::target> out;
    for (match& one : matches_of(files, what.path)) {
        const kind is = is_directory(files, one.path) ? kind::directory : kind::file;
        out.push_back({is, std::move(one.name), std::move(one.path), what.settings});
    }
    if (out.empty()) return wrong(what, fmt::format("the glob \"{}\" matches nothing", what.path));
    return out;
}

}  // namespace apps
