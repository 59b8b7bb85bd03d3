#include "tests/sim/disk.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <functional>

#include "io/file_system.h"

namespace sim {

disk::disk(std::uint64_t device, threads& bodies, trace& history, prng dice)
    : wall_ms([] { return std::int64_t{0}; }), device_(device), bodies_(bodies), history_(history), dice_(dice), root_(make(true)) {}

disk::node disk::make(bool directory) {
    auto made = std::make_shared<inode>(next_number_++, directory, used_);
    made->modified_ms = wall_ms();
    all_[made->number] = made;
    return made;
}

std::string disk::normal(const std::string& path) {
    std::vector<std::string> parts;
    for (std::size_t begin = 0; begin <= path.size();) {
        const std::size_t end = std::min(path.find('/', begin), path.size());
        std::string part = path.substr(begin, end - begin);
        begin = end + 1;
        if (part.empty() || part == ".") continue;
        if (part != "..") parts.push_back(std::move(part));
        else if (!parts.empty()) parts.pop_back();
    }
    std::string out;
    for (const auto& part : parts) out += "/" + part;
    return out.empty() ? "/" : out;
}

disk::node disk::find(const std::string& path, int& problem) const {
    node at = root_;
    const std::string whole = normal(path);
    for (std::size_t begin = 1; begin < whole.size();) {
        const std::size_t end = std::min(whole.find('/', begin), whole.size());
        if (!at->directory) {
            problem = ENOTDIR;
            return nullptr;
        }
        const auto found = at->entries.find(whole.substr(begin, end - begin));
        if (found == at->entries.end()) {
            problem = ENOENT;
            return nullptr;
        }
        at = found->second;
        begin = end + 1;
    }
    return at;
}

disk::place disk::place_of(const std::string& path, int& problem) const {
    const std::string whole = normal(path);
    place out{find(io::parent_of(whole), problem), io::name_of(whole)};
    if (out.directory && !out.directory->directory) {
        problem = ENOTDIR;
        out.directory = nullptr;
    }
    return out;
}

int disk::before(call what, const std::string& path) {
    const auto happens = [this](std::uint64_t rate) { return rate != 0 && dice_.below(1'000'000) < rate; };
    if (what == call::sync) bodies_.sleep(io::duration(static_cast<io::duration::rep>(dice_.below(static_cast<std::uint64_t>(habits.sync_time.count()) + 1))));
    else if (happens(habits.pause_rate)) bodies_.sleep(io::duration(static_cast<io::duration::rep>(dice_.below(static_cast<std::uint64_t>(habits.most_pause.count()) + 1))));
    const std::uint64_t rate = what == call::read ? habits.read_errors : what == call::sync ? habits.sync_errors : habits.write_errors;
    return happens(rate) && normal(path).starts_with(habits.errors_below) ? EIO : 0;
}

void disk::apply(name_change change) {
    for (const auto& [directory, name, to] : change) {
        const auto was = directory->entries.find(name);
        if (was != directory->entries.end() && was->second->directory && was->second != to) {
            for (const auto& [one, who] : observers_) one->gone(*was->second);
        }
        if (to) ++to->links;
        if (was != directory->entries.end()) {
            --was->second->links;
            was->second->settle();
        }
        if (to) directory->entries[name] = to;
        else directory->entries.erase(name);
        for (const auto& [one, who] : observers_) one->changed(*directory, name);
    }
    unsynced_names_.push_back(std::move(change));
}

disk::node disk::open(const std::string& path, bool create, bool exclusive, int& problem) {
    problem = 0;
    const place where = place_of(path, problem);
    if (!where.directory) return nullptr;
    const auto found = where.directory->entries.find(where.name);
    if (found != where.directory->entries.end()) {
        problem = exclusive ? EEXIST : found->second->directory ? EISDIR : 0;
        return problem == 0 ? found->second : nullptr;
    }
    problem = !create ? ENOENT : room_for(1);
    if (problem != 0) return nullptr;
    auto made = make(false);
    apply({{where.directory, where.name, made}});
    return made;
}

int disk::make_directory(const std::string& path) {
    int problem = 0;
    const place where = place_of(path, problem);
    if (!where.directory) return problem;
    if (where.directory->entries.contains(where.name)) return EEXIST;
    if (const int full = room_for(1); full != 0) return full;
    apply({{where.directory, where.name, make(true)}});
    return 0;
}

int disk::rename(const std::string& from, const std::string& to, bool replace) {
    int problem = 0;
    const place source = place_of(from, problem);
    const place target = place_of(to, problem);
    if (!source.directory || !target.directory) return problem;
    const auto what = source.directory->entries.find(source.name);
    if (what == source.directory->entries.end()) return ENOENT;
    const auto taken = target.directory->entries.find(target.name);
    if (taken != target.directory->entries.end()) {
        if (!replace) return EEXIST;
        if (taken->second == what->second) return 0;
        if (taken->second->directory && !taken->second->entries.empty()) return ENOTEMPTY;
    }
    apply({{source.directory, source.name, nullptr}, {target.directory, target.name, what->second}});
    return 0;
}

int disk::remove(const std::string& path) {
    int problem = 0;
    const place where = place_of(path, problem);
    if (!where.directory) return problem;
    const auto what = where.directory->entries.find(where.name);
    if (what == where.directory->entries.end()) return ENOENT;
    if (what->second->directory && !what->second->entries.empty()) return ENOTEMPTY;
    apply({{where.directory, where.name, nullptr}});
    return 0;
}

void disk::make_durable(const name_change& change) {
    for (const auto& [directory, name, to] : change) {
        if (to) directory->durable_entries[name] = to;
        else directory->durable_entries.erase(name);
    }
}

// Of the first `count` unsynced changes those that concern the directory.
void disk::make_names_durable(const inode& directory, std::size_t count) {
    std::size_t looked_at = 0;
    std::erase_if(unsynced_names_, [&](const name_change& change) {
        const bool its = std::any_of(change.begin(), change.end(), [&](const entry& one) { return one.directory.get() == &directory; });
        if (looked_at++ >= count || !its) return false;
        make_durable(change);
        return true;
    });
}

void disk::sync_file(const node& file) {
    file->sync();
    for (std::size_t i = unsynced_names_.size(); i > 0; --i) {
        const auto& change = unsynced_names_[i - 1];
        const auto its = std::find_if(change.begin(), change.end(), [&](const entry& one) { return one.to == file; });
        if (its != change.end()) {
            const node directory = its->directory;
            return make_names_durable(*directory, i);
        }
    }
}

int disk::sync_directory(const std::string& path) {
    int problem = 0;
    const node which = find(path, problem);
    if (!which) return problem;
    if (!which->directory) return ENOTDIR;
    make_names_durable(*which, unsynced_names_.size());
    return 0;
}

void disk::each_inode(const std::function<void(const node&)>& visit) {
    for (auto at = all_.begin(); at != all_.end();) {
        if (const node one = at->second.lock()) {
            visit(one);
            ++at;
        } else {
            at = all_.erase(at);
        }
    }
}

void disk::sync_everything() {
    for (const auto& change : unsynced_names_) make_durable(change);
    unsynced_names_.clear();
    each_inode([](const node& one) { if (!one->directory) one->sync(); });
}

void disk::touched(const std::string& path, inode& file) {
    file.modified_ms = wall_ms();
    int problem = 0;
    const place where = place_of(path, problem);
    if (!where.directory) return;
    for (const auto& [one, who] : observers_) one->changed(*where.directory, where.name);
}

void disk::rot(const std::vector<std::string>& below) {
    std::vector<std::pair<std::string, node>> found;
    const std::function<void(const std::string&, const node&)> visit = [&](const std::string& path, const node& one) {
        const bool asked = std::any_of(below.begin(), below.end(), [&](const std::string& each) { return path.starts_with(each); });
        if (asked && !one->directory && one->now.size() != 0) found.emplace_back(path, one);
        for (const auto& [name, each] : one->entries) visit(path + "/" + name, each);
    };
    visit("", root_);
    if (found.empty()) return;
    const auto& [path, one] = found[dice_.below(found.size())];
    const std::uint64_t bit = dice_.below(one->now.size() * 8);
    flip(*one, bit);
    history_.mix(bit);
}

void disk::flip(inode& file, std::uint64_t bit) {
    const auto change = [bit](std::uint8_t& byte) { byte = static_cast<std::uint8_t>(byte ^ (1U << (bit % 8))); };
    change(file.now.all()[bit / 8]);
    if (bit / 8 < file.durable.size()) change(file.durable[bit / 8]);
}

// Names: in the order in which they were changed, up to some point, or any of them.
void disk::lose_power() {
    const bool in_order = dice_.below(2) == 0;
    const std::uint64_t cut = dice_.below(unsynced_names_.size() + 1);
    for (std::size_t i = 0; i < unsynced_names_.size(); ++i) {
        if (in_order ? i < cut : dice_.below(2) == 0) make_durable(unsynced_names_[i]);
    }
    unsynced_names_.clear();
    each_inode([this](const node& one) {
        if (one->directory) return;
        const std::size_t pending = one->unsynced.size();
        one->lose_power(dice_);
        one->modified_ms = one->durable_ms;
        history_.mix(pending);
        history_.mix(one->now.all());
    });
    // What only unsynced names led to is gone now.
    each_inode([](const node& one) {
        one->links = 0;
        one->openings = 0;
        one->entries = one->durable_entries;
    });
    each_inode([](const node& one) { for (const auto& [name, below] : one->entries) ++below->links; });
    each_inode([](const node& one) { one->settle(); });
}

std::vector<std::string> disk::holdings(process_id who) {
    std::vector<std::string> out;
    for (const auto& [one, whose] : observers_) if (whose == who) out.emplace_back("watch");
    for (auto files = connections_[who]; files != 0; --files) out.emplace_back("open file of SQLite's");
    each_inode([&](const node& one) {
        if (one->flock && one->flock->first == who) out.push_back(fmt::format("lock of inode {}", one->number));
        if (one->database.holds(who)) out.push_back(fmt::format("SQLite's lock of inode {}", one->number));
        if (one->index.holds(who)) out.push_back(fmt::format("lock of wal-index, inode {}", one->number));
        for (const auto& user : one->index_users) if (user.second == who) out.push_back(fmt::format("wal-index, inode {}", one->number));
    });
    return out;
}

void disk::forget(process_id who) {
    connections_.erase(who);
    std::erase_if(observers_, [who](const auto& each) { return each.second == who; });
    each_inode([&](const node& one) {
        if (one->flock && one->flock->first == who) one->flock.reset();
        one->database.drop(who);
        one->index.drop(who);
        std::erase_if(one->index_users, [&](const auto& user) { return user.second == who; });
    });
}

}  // namespace sim
