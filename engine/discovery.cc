#include "engine/discovery.h"

#include <set>
#include <utility>

#include "engine/key.h"

namespace engine {

namespace {

constexpr unsigned most_depth = 32;
constexpr std::string_view companions[] = {"-wal", "-shm", "-journal"};

struct walk {
    io::file_system& files;
    const target& what;
    discovery& out;
    std::set<std::pair<std::uint64_t, std::uint64_t>> seen;  // directories that are not to be entered (again), by device and inode
    std::set<std::string> linked;                            // directories of files that are links to elsewhere
};

io::result<void> walk_directory(walk& state, const std::string& path, const std::string& prefix, unsigned depth) {
    auto self = state.files.status(path);
    if (!self) return self.error().as(io::subject::database);
    if (depth > most_depth || !state.seen.insert({self->identity.device, self->identity.inode}).second) return {};
    auto entries = state.files.list(path);
    if (!entries) return entries.error().as(io::subject::database);
    state.out.directories.push_back(path);
    for (const auto& entry : *entries) {
        const std::string below = io::join(path, entry.name);
        const std::string name = prefix.empty() ? entry.name : prefix + "/" + entry.name;
        if (entry.kind == io::file_kind::directory) {
            // Under its real name, for that is what events of databases in it are compared with. Unreadable, or gone by now: the next
            // sweep looks again.
            if (auto real = state.files.resolve(below)) (void)walk_directory(state, *real, name, depth + 1);
            continue;
        }
        if (entry.kind != io::file_kind::regular || database_of(entry.name) != entry.name) continue;
        auto status = state.files.status(below);
        if (!status || status->size < 512 || status->size % 512 != 0) continue;
        auto real = state.files.resolve(below);
        if (!real || !check_stream_name(name)) continue;
        if (io::parent_of(*real) != path) state.linked.insert(io::parent_of(*real));
        state.out.found.push_back({name, *real, state.what.settings, false});
    }
    return {};
}

}  // namespace

std::string database_of(const std::string& file_name) {
    for (const std::string_view tail : companions) {
        if (file_name.size() > tail.size() && file_name.ends_with(tail)) return file_name.substr(0, file_name.size() - tail.size());
    }
    return file_name;
}

io::result<discovery> discover(io::file_system& files, const target& what, const std::vector<std::string>& excluded) {
    discovery out;
    auto real = files.resolve(what.path);
    if (!real) return real.error().as(io::subject::database);
    if (what.kind == target::what::file) {
        const std::string name = what.name.empty() ? io::name_of(what.path) : what.name;
        if (auto ok = check_stream_name(name); !ok) return ok.error().within(what.path);
        out.found.push_back({name, *real, what.settings, true});
        out.directories.push_back(io::parent_of(*real));
        return out;
    }
    walk state{files, what, out, {}, {}};
    for (const auto& own : excluded) {
        if (auto status = files.status(own)) state.seen.insert({status->identity.device, status->identity.inode});
    }
    if (auto ok = walk_directory(state, *real, what.name, 0); !ok) return ok.error();
    for (const auto& directory : out.directories) state.linked.erase(directory);
    out.directories.insert(out.directories.end(), state.linked.begin(), state.linked.end());
    return out;
}

}  // namespace engine
