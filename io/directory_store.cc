#include "io/directory_store.h"

#include <fmt/format.h>

#include <algorithm>
#include <ranges>

#include "io/failpoint.h"

namespace io {

namespace {

constexpr std::string_view temporaries = ".flotilla-tmp";
constexpr std::string_view lock_suffix = ".lock";
constexpr std::string_view temporary_suffix = ".tmp";
constexpr std::uint64_t most_length = 64U << 20U;

error as_store(const error& e) { return e.as(subject::store); }

// The id of the writer whose lock or temporary this is; empty for names that no writer gives.
std::string id_of(const std::string& name) {
    return name.size() > 16 && (name[16] == '-' || name[16] == '.') ? name.substr(0, 16) : std::string();
}

// What a writer left when it was killed is removed, what a living one has there is not: each writer holds a lock on <id>.lock and
// names its temporaries <id>-….tmp. Returns whether there was a killed one.
bool clear_leftovers(file_system& files, const std::string& folder) {
    auto entries = files.list(folder);
    if (!entries) return false;
    bool found = false;
    for (auto at = entries->begin(); at != entries->end();) {
        const std::string id = id_of(at->name);
        const auto end = std::find_if(at, entries->end(), [&](const auto& e) { return id_of(e.name) != id; });
        const std::string lock_path = join(folder, id + std::string(lock_suffix));
        auto taken = id.empty() ? result<std::unique_ptr<file>>(error{}) : files.lock(lock_path, "clearing");
        if (taken) {
            found = true;
            for (const auto& left : std::ranges::subrange(at, end)) {
                if (left.name.ends_with(temporary_suffix)) (void)files.remove(join(folder, left.name));
            }
            (void)files.remove(lock_path);
        }
        at = end;
    }
    return found;
}

// A lock of this writer's own. A new id is drawn when another opening took the file for a leftover before it was locked.
result<std::unique_ptr<file>> lock_own(file_system& files, const std::string& folder, const std::vector<std::string>& ids, std::string& id) {
    result<std::unique_ptr<file>> lock = error{};
    for (const auto& next : ids) {
        id = next;
        lock = files.lock(join(folder, id + std::string(lock_suffix)), id);
        if (lock || lock.error().code != errc::held) break;
    }
    return lock;
}

enum class if_taken { refuse, replace };

// The new object's file: dated, synced with its date, then published under its name. If the name is taken, the other object's
// directory is synced all the same: the caller may find that it is his own, from a try whose end he did not see, and rely on it.
result<void> publish(file_system& files, file& data, const std::string& temporary, const std::string& path, std::int64_t timestamp_ms,
                     if_taken what = if_taken::refuse) {
    if (auto ok = files.set_modified(temporary, timestamp_ms); !ok) return ok;
    if (auto ok = data.sync(); !ok) return ok;
    if (auto ok = files.make_directories(parent_of(path)); !ok) return ok;
    failpoint("directory.written");
    auto renamed = what == if_taken::replace ? files.rename(temporary, path) : files.rename_if_absent(temporary, path);
    if (!renamed && renamed.error().code != errc::already_exists) return renamed;
    failpoint("directory.published");
    if (auto ok = files.sync_directory(parent_of(path)); !ok) return ok;
    return renamed;
}

}  // namespace

class directory_store::writer final : public object_writer {
public:
    writer(const directory_store& store, std::unique_ptr<file> data, std::string temporary, std::string path, std::int64_t timestamp_ms)
        : store_(store), env_(store.env_), data_(std::move(data)), temporary_(std::move(temporary)), path_(std::move(path)), timestamp_ms_(timestamp_ms) {}

    // Given up half-way: the one call that blocks the event loop, for as long as it takes to remove a file.
    ~writer() override {
        if (!ended_) (void)env_.files.remove(temporary_);
    }

    task<result<void>> write(bytes part) override {
        const auto write_it = [&] { return end_on_error(data_->write_at(size_, part)); };
        auto ok = co_await env_.elsewhere(write_it);
        size_ += part.size();
        co_return ok;
    }

    task<result<void>> commit() override {
        const auto commit_it = [&] { return end_on_error(publish(env_.files, *data_, temporary_, path_, timestamp_ms_)); };
        auto ok = co_await env_.elsewhere(commit_it);
        ended_ = true;
        co_return ok;
    }

private:
    result<void> end_on_error(result<void> outcome) {
        if (outcome) return outcome;
        (void)env_.files.remove(temporary_);
        ended_ = true;
        return store_.truly(outcome.error());
    }

    const directory_store& store_;
    const environment& env_;
    std::unique_ptr<file> data_;
    std::string temporary_;
    std::string path_;
    std::int64_t timestamp_ms_;
    std::uint64_t size_ = 0;
    bool ended_ = false;  // published, or failed and removed
};

directory_store::directory_store(const environment& env, std::string root) : env_(env), root_(std::move(root)), proof_(root_) {}

std::string directory_store::url() const { return "file://" + root_; }

std::string directory_store::temporary_name() {
    return join(join(root_, std::string(temporaries)), fmt::format("{}-{}.tmp", writer_id_, ++written_));
}

result<std::string> directory_store::path_of(const std::string& key) const {
    if (auto ok = check_key(key); !ok) return ok.error();
    if (key == temporaries || key.starts_with(std::string(temporaries) + "/")) {
        return error{errc::invalid, subject::store, fmt::format("key \"{}\": this name is the store's own", key)};
    }
    return join(root_, key);
}

error directory_store::truly(const error& e) const {
    if (e.code != errc::not_found || env_.files.status(proof_)) return as_store(e);
    return {errc::io_failure, subject::store,
            fmt::format("{}: the store's directory is gone, or another one is in its place (not mounted?): {}", root_, e.context)};
}

task<result<std::unique_ptr<directory_store>>> directory_store::open(const environment& env, std::string root, access how) {
    std::vector<std::string> ids;
    for (int i = 0; i < 8; ++i) ids.push_back(fmt::format("{:016x}", env.dice.next()));
    std::unique_ptr<directory_store> out;
    const auto prepare = [&]() -> result<void> {
        if (how == access::write) {
            if (auto ok = env.files.make_directories(root); !ok) return ok;
        }
        auto real = env.files.resolve(root);
        if (!real) return real.error();
        auto status = env.files.status(*real);
        if (!status) return status.error();
        if (status->kind != file_kind::directory) return error{errc::invalid, subject::store, "not a directory"};
        out.reset(new directory_store(env, *real));
        if (how == access::read) return {};
        return out->prepare_to_write(ids);
    };
    auto ok = co_await env.elsewhere(prepare);
    if (!ok) co_return as_store(ok.error()).within("store " + root);
    co_return out;
}

result<void> directory_store::prepare_to_write(const std::vector<std::string>& ids) {
    file_system& files = env_.files;
    const std::string folder = join(root_, std::string(temporaries));
    if (auto ok = files.make_directories(folder); !ok) return ok;
    // A killed writer's last objects may be visible without being durable yet; who reads them from now on will rely on them.
    if (clear_leftovers(files, folder)) {
        if (auto ok = files.sync_file_system(root_); !ok) return ok;
    }
    auto lock = lock_own(files, folder, ids, writer_id_);  // also proves that it can be written
    if (!lock) return lock.error();
    temporaries_lock_ = std::move(*lock);
    proof_ = join(folder, writer_id_ + std::string(lock_suffix));
    return {};
}

directory_store::~directory_store() {
    if (temporaries_lock_) (void)env_.files.remove(proof_);
}

task<result<std::unique_ptr<object_writer>>> directory_store::open_writer(std::string key, object_attributes attributes) {
    auto path = path_of(key);
    if (!path) co_return path.error();
    if (!temporaries_lock_) co_return error{errc::read_only, subject::store, url() + " was opened for reading"};
    const std::string temporary = temporary_name();
    const auto open_it = [&]() -> result<std::unique_ptr<file>> {
        auto data = env_.files.open(temporary, open_mode::create_new);
        if (!data) return truly(data.error());
        return data;
    };
    auto data = co_await env_.elsewhere(open_it);
    if (!data) co_return data.error();
    std::unique_ptr<object_writer> out = std::make_unique<writer>(*this, std::move(*data), temporary, std::move(*path), attributes.timestamp_ms);
    co_return out;
}

task<result<void>> directory_store::put_if_absent(std::string key, bytes data, object_attributes attributes) {
    co_return co_await put_file(std::move(key), std::move(data), attributes, false);
}

task<result<void>> directory_store::put(std::string key, bytes data, object_attributes attributes) {
    co_return co_await put_file(std::move(key), std::move(data), attributes, true);
}

task<result<void>> directory_store::put_file(std::string key, bytes data, object_attributes attributes, bool replace) {
    auto path = path_of(key);
    if (!path) co_return path.error();
    if (!temporaries_lock_) co_return error{errc::read_only, subject::store, url() + " was opened for reading"};
    const std::string temporary = temporary_name();
    const auto put = [&]() -> result<void> {
        auto opened = env_.files.open(temporary, open_mode::create_new);
        if (!opened) return truly(opened.error());
        auto ok = (*opened)->write_at(0, data);
        if (ok) ok = publish(env_.files, **opened, temporary, *path, attributes.timestamp_ms, replace ? if_taken::replace : if_taken::refuse);
        if (ok) return ok;
        (void)env_.files.remove(temporary);
        return truly(ok.error());
    };
    co_return co_await env_.elsewhere(put);
}

task<result<object_info>> directory_store::head(std::string key) {
    auto path = path_of(key);
    if (!path) co_return path.error();
    const auto look = [&]() -> result<object_info> {
        auto status = env_.files.status(*path);
        if (!status) return truly(status.error());
        if (status->kind != file_kind::regular) return error{errc::not_found, subject::store, key + " is not an object"};
        return object_info{key, status->size, status->modified_ms};
    };
    co_return co_await env_.elsewhere(look);
}

task<result<bytes>> directory_store::get(std::string key, std::uint64_t offset, std::uint64_t length) {
    auto path = path_of(key);
    if (!path) co_return path.error();
    if (length > most_length) co_return error{errc::invalid, subject::store, fmt::format("{}: {} bytes in one get", key, length)};
    const auto read = [&]() -> result<bytes> {
        auto status = env_.files.status(*path);
        if (!status) return truly(status.error());
        if (status->kind != file_kind::regular) return error{errc::not_found, subject::store, key + " is not an object"};
        auto opened = env_.files.open(*path, open_mode::read);
        if (!opened) return truly(opened.error());
        bytes out(offset >= status->size ? 0 : std::min(length, status->size - offset));
        auto got = (*opened)->read_at(offset, out);
        if (!got) return truly(got.error());
        out.resize(*got);
        return out;
    };
    co_return co_await env_.elsewhere(read);
}

// The entries of the directory of a prefix; none if there is no such directory. Blocks.
result<std::vector<directory_entry>> directory_store::entries_below(const std::string& path) const {
    auto entries = env_.files.list(path);
    if (entries) return entries;
    const error why = truly(entries.error());
    if (why.code == errc::not_found) return std::vector<directory_entry>();
    return why;
}

task<result<std::vector<object_info>>> directory_store::list(std::string prefix) {
    auto path = path_of(prefix);
    if (!path) co_return path.error();
    const auto read = [&]() -> result<std::vector<object_info>> {
        std::vector<object_info> out;
        auto entries = entries_below(*path);
        if (!entries) return entries.error();
        for (const auto& entry : *entries) {
            if (entry.kind != file_kind::regular) continue;
            auto status = env_.files.status(join(*path, entry.name));
            if (!status) {
                const error why = truly(status.error());
                if (why.code == errc::not_found) continue;  // removed meanwhile
                return why;
            }
            out.push_back({prefix + "/" + entry.name, status->size, status->modified_ms});
        }
        return out;
    };
    co_return co_await env_.elsewhere(read);
}

task<result<std::vector<std::string>>> directory_store::children(std::string prefix) {
    auto path = prefix.empty() ? result<std::string>(root_) : path_of(prefix);
    if (!path) co_return path.error();
    auto entries = co_await env_.elsewhere([&] { return entries_below(*path); });
    if (!entries) co_return entries.error();
    std::vector<std::string> out;
    for (const auto& entry : *entries) {
        if (entry.kind == file_kind::directory && (!prefix.empty() || entry.name != temporaries)) out.push_back(entry.name);
    }
    co_return out;
}

task<result<void>> directory_store::remove(std::string key) {
    auto path = path_of(key);
    if (!path) co_return path.error();
    const auto remove_it = [&]() -> result<void> {
        auto ok = env_.files.remove(*path);
        if (ok) ok = env_.files.sync_directory(parent_of(*path));
        if (ok) return ok;
        const error why = truly(ok.error());
        if (why.code == errc::not_found) return {};
        return why;
    };
    co_return co_await env_.elsewhere(remove_it);
}

}  // namespace io
