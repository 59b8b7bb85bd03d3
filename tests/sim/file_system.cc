#include "tests/sim/file_system.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace sim {

namespace {

io::error failed(int problem, std::string_view what, const std::string& path) {
    return io::from_errno(problem, io::subject::general, fmt::format("{} {}", what, path));
}

// Counts what is open: of the process, and of the file.
class opened {
public:
    opened(std::shared_ptr<std::size_t> count, inode& file) : count_(std::move(count)), file_(file) {
        ++*count_;
        ++file_.openings;
    }
    ~opened() {
        --*count_;
        --file_.openings;
        file_.settle();
    }
    opened(const opened&) = delete;
    opened& operator=(const opened&) = delete;

private:
    std::shared_ptr<std::size_t> count_;
    inode& file_;
};

class file final : public io::file {
public:
    file(disk& on, process_id who, disk::node node, std::string path, std::shared_ptr<std::size_t> count)
        : on_(on), who_(who), node_(std::move(node)), path_(std::move(path)), counted_(std::move(count), *node_) {}

    // close(2): the process loses its locks of fcntl(2) on this file, SQLite's among them.
    ~file() override {
        node_->database.drop(who_);
        node_->index.drop(who_);
        if (node_->flock && node_->flock->second == this) node_->flock.reset();
    }

    io::result<std::size_t> read_at(std::uint64_t offset, io::byte_span out) override {
        if (const int problem = on_.before(disk::call::read, path_); problem != 0) return failed(problem, "read", path_);
        const io::byte_view all = node_->now.all();
        if (offset >= all.size() || out.empty()) return std::size_t{0};
        const std::size_t length = std::min<std::uint64_t>(out.size(), all.size() - offset);
        std::memcpy(out.data(), all.data() + offset, length);
        return length;
    }

    io::result<void> write_at(std::uint64_t offset, io::byte_view data) override {
        if (const int problem = on_.before(disk::call::write, path_); problem != 0) return failed(problem, "write", path_);
        const std::uint64_t end = offset + data.size();
        const std::uint64_t more = end > node_->now.size() ? end - node_->now.size() : 0;
        if (const int problem = on_.room_for(more); more != 0 && problem != 0) return failed(problem, "write", path_);
        node_->write(offset, data);
        on_.touched(path_, *node_);
        return {};
    }

    io::result<std::uint64_t> size() override { return node_->now.size(); }

    io::result<void> truncate(std::uint64_t size) override {
        if (const int problem = on_.before(disk::call::write, path_); problem != 0) return failed(problem, "truncate", path_);
        const std::uint64_t more = size > node_->now.size() ? size - node_->now.size() : 0;
        if (const int problem = on_.room_for(more); more != 0 && problem != 0) return failed(problem, "truncate", path_);
        node_->resize(size);
        on_.touched(path_, *node_);
        return {};
    }

    io::result<void> sync() override {
        if (const int problem = on_.before(disk::call::sync, path_); problem != 0) return failed(problem, "sync", path_);
        on_.sync_file(node_);
        return {};
    }

    inode& node() { return *node_; }

private:
    disk& on_;
    process_id who_;
    disk::node node_;
    std::string path_;
    opened counted_;
};

class mapping final : public io::mapping {
public:
    mapping(disk& on, disk::node node, std::string path, std::shared_ptr<std::size_t> count)
        : on_(on), node_(std::move(node)), place_(node_->now.place()), size_(node_->now.size()), path_(std::move(path)), counted_(std::move(count), *node_) {}
    io::byte_span bytes() override { return {place_.get(), size_}; }
    io::result<void> sync() override {
        if (const int problem = on_.before(disk::call::sync, path_); problem != 0) return failed(problem, "sync", path_);
        on_.sync_file(node_);
        return {};
    }

private:
    disk& on_;
    disk::node node_;
    std::shared_ptr<std::uint8_t[]> place_;
    std::uint64_t size_;
    std::string path_;
    opened counted_;
};

}  // namespace

// Gives way, fails if the disk says so, does it.
io::result<void> file_system::named(disk::call what, const std::string& path, const std::function<int()>& then, std::string_view words) {
    int problem = on_.before(what, path);
    if (problem == 0) problem = then();
    if (problem != 0) return failed(problem, words, path);
    return {};
}

io::result<std::unique_ptr<io::file>> file_system::open(const std::string& path, io::open_mode mode) {
    int problem = on_.before(disk::call::name, path);
    if (problem != 0) return failed(problem, "open", path);
    auto node = mode == io::open_mode::read ? on_.find(path, problem) : on_.open(path, true, mode == io::open_mode::create_new, problem);
    if (!node) return failed(problem, "open", path);
    return std::unique_ptr<io::file>(std::make_unique<file>(on_, who_, std::move(node), path, open_));
}

io::result<std::unique_ptr<io::mapping>> file_system::map(const std::string& path, std::uint64_t size) {
    constexpr std::uint64_t most_mapped = 4U << 20U;  // grows in place: an older mapping goes on showing the same bytes
    int problem = on_.before(disk::call::write, path);
    auto node = problem == 0 ? on_.open(path, true, false, problem) : nullptr;
    if (!node) return failed(problem, "open", path);
    if (size > node->now.size()) problem = on_.room_for(size - node->now.size());
    if (problem != 0) return failed(problem, "allocate", path);
    node->now.reserve(most_mapped);
    if (size != node->now.size()) node->resize(size);
    node->mapped = true;
    on_.touched(path, *node);
    return std::unique_ptr<io::mapping>(std::make_unique<mapping>(on_, std::move(node), path, open_));
}

io::result<io::file_status> file_system::status(const std::string& path) {
    int problem = on_.before(disk::call::read, path);
    const auto node = problem == 0 ? on_.find(path, problem) : nullptr;
    if (!node) return failed(problem, "stat", path);
    io::file_status out;
    out.kind = node->directory ? io::file_kind::directory : io::file_kind::regular;
    out.size = node->now.size() + 32768 * node->regions.size();
    out.modified_ms = node->modified_ms;
    out.identity = {on_.device(), node->number};
    return out;
}

io::result<std::vector<io::directory_entry>> file_system::list(const std::string& path) {
    int problem = on_.before(disk::call::read, path);
    const auto node = problem == 0 ? on_.find(path, problem) : nullptr;
    if (!node) return failed(problem, "list", path);
    if (!node->directory) return io::error{io::errc::invalid, io::subject::general, fmt::format("list {}: not a directory", path)};
    std::vector<io::directory_entry> out;
    for (const auto& [name, one] : node->entries) out.push_back({name, one->directory ? io::file_kind::directory : io::file_kind::regular});
    return out;
}

io::result<std::string> file_system::resolve(const std::string& path) {
    int problem = 0;
    if (!on_.find(path, problem)) return failed(problem, "resolve", path);
    return disk::normal(path);
}

io::result<io::disk_space> file_system::space(const std::string& path) {
    int problem = 0;
    if (!on_.find(path, problem)) return failed(problem, "statvfs", path);
    return io::disk_space{on_.habits.capacity - std::min(on_.habits.capacity, on_.used()), on_.habits.capacity};
}

io::result<void> file_system::make_directories(const std::string& path) {
    const std::string whole = disk::normal(path);
    for (std::size_t end = whole.find('/', 1);; end = whole.find('/', end + 1)) {
        const std::string part = whole.substr(0, end);
        int problem = 0;
        const auto there = on_.find(part, problem);
        if (there && !there->directory) return io::error{io::errc::invalid, io::subject::general, fmt::format("create directory {}: there is a file of that name", part)};
        const auto make = [&] {
            const int made = on_.make_directory(part);
            return made == EEXIST ? 0 : made;
        };
        if (!there && part != "/") {
            if (auto ok = named(disk::call::name, part, make, "create directory"); !ok) return ok;
            if (auto ok = sync_directory(io::parent_of(part)); !ok) return ok;
        }
        if (end == std::string::npos) return {};
    }
}

io::result<void> file_system::rename(const std::string& from, const std::string& to) {
    return named(disk::call::name, to, [&] { return on_.rename(from, to, true); }, "rename to");
}

io::result<void> file_system::rename_if_absent(const std::string& from, const std::string& to) {
    return named(disk::call::name, to, [&] { return on_.rename(from, to, false); }, "rename to");
}

io::result<void> file_system::remove(const std::string& path) {
    return named(disk::call::name, path, [&] { return on_.remove(path); }, "remove");
}

io::result<void> file_system::sync_directory(const std::string& path) {
    return named(disk::call::sync, path, [&] { return on_.sync_directory(path); }, "sync directory");
}

io::result<void> file_system::sync_file_system(const std::string& path) {
    const auto sync = [&] {
        on_.sync_everything();
        return 0;
    };
    return named(disk::call::sync, path, sync, "sync the file system of");
}

io::result<void> file_system::set_modified(const std::string& path, std::int64_t modified_ms) {
    int problem = on_.before(disk::call::name, path);
    const auto node = problem == 0 ? on_.find(path, problem) : nullptr;
    if (!node) return failed(problem, "set the time of", path);
    node->modified_ms = modified_ms;
    return {};
}

io::result<std::unique_ptr<io::file>> file_system::lock(const std::string& path, const std::string& who) {
    int problem = on_.before(disk::call::name, path);
    auto node = problem == 0 ? on_.open(path, true, false, problem) : nullptr;
    if (!node) return failed(problem, "open", path);
    if (node->flock) {
        const auto words = io::text_of(node->now.all());
        return io::error{io::errc::held, io::subject::general, words.empty() ? "another process" : std::string(words.substr(0, 512))};
    }
    auto out = std::make_unique<file>(on_, who_, node, path, open_);
    node->flock = std::pair{who_, static_cast<const void*>(out.get())};
    if (auto ok = out->write_at(0, io::view_of(who)); !ok) return ok.error();
    if (auto ok = out->truncate(who.size()); !ok) return ok.error();
    return std::unique_ptr<io::file>(std::move(out));
}

}  // namespace sim
