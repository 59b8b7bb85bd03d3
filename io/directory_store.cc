#include "io/directory_store.h"

#include <fmt/format.h>

#include <algorithm>

namespace io {

namespace {

constexpr std::string_view temporaries = ".flotilla-tmp";
constexpr std::string_view lock_suffix = ".lock";
constexpr std::uint64_t most_length = 64U << 20U;
constexpr std::size_t most_objects = 10'000'000;

error as_store(const error& e) { return e.as(subject::store); }

error bad_key(const std::string& key, std::string_view why) {
    return {errc::invalid, subject::store, fmt::format("key \"{}\": {}", key, why)};
}

// A file that its writer left when it was killed is removed, a living writer's is not: each writer holds a lock on <id>.lock and
// names its temporaries <id>-….tmp.
void clear_leftovers(file_system& files, const std::string& folder) {
    auto entries = files.list(folder);
    if (!entries) return;
    for (const auto& entry : *entries) {
        if (!entry.name.ends_with(lock_suffix)) continue;
        auto taken = files.lock(join(folder, entry.name), "clearing");
        if (!taken) continue;
        const std::string stem = entry.name.substr(0, entry.name.size() - lock_suffix.size()) + "-";
        for (const auto& other : *entries) {
            if (other.name.starts_with(stem)) (void)files.remove(join(folder, other.name));
        }
        (void)files.remove(join(folder, entry.name));
    }
}

// The new object's file: written, synced, dated, then published under its name.
result<void> publish(file_system& files, file& data, const std::string& temporary, const std::string& path, std::int64_t timestamp_ms) {
    if (auto ok = data.sync(); !ok) return ok;
    if (auto ok = files.set_modified(temporary, timestamp_ms); !ok) return ok;
    if (auto ok = files.make_directories(parent_of(path)); !ok) return ok;
    if (auto ok = files.rename_if_absent(temporary, path); !ok) return ok;
    return files.sync_directory(parent_of(path));
}

class directory_writer final : public object_writer {
public:
    directory_writer(const environment& env, std::unique_ptr<file> data, std::string temporary, std::string path, std::int64_t timestamp_ms)
        : env_(env), data_(std::move(data)), temporary_(std::move(temporary)), path_(std::move(path)), timestamp_ms_(timestamp_ms) {}

    ~directory_writer() override {
        if (!done_) (void)env_.files.remove(temporary_);
    }

    task<result<void>> write(bytes part) override {
        auto ok = co_await env_.elsewhere([&] { return data_->write_at(size_, part); });
        size_ += part.size();
        if (!ok) co_return as_store(ok.error());
        co_return ok;
    }

    task<result<void>> commit() override {
        auto ok = co_await env_.elsewhere([&] { return publish(env_.files, *data_, temporary_, path_, timestamp_ms_); });
        if (!ok) co_return as_store(ok.error());
        done_ = true;
        co_return ok;
    }

private:
    const environment& env_;
    std::unique_ptr<file> data_;
    std::string temporary_;
    std::string path_;
    std::int64_t timestamp_ms_;
    std::uint64_t size_ = 0;
    bool done_ = false;
};

}  // namespace

result<void> check_key(const std::string& key) {
    if (key.empty() || key.size() > 1024) return bad_key(key.substr(0, 64), "must have 1 to 1,024 bytes");
    if (key.find('\0') != std::string::npos) return bad_key(key, "contains a NUL");
    for (std::size_t begin = 0; begin <= key.size();) {
        const std::size_t end = std::min(key.find('/', begin), key.size());
        const std::string_view part(key.data() + begin, end - begin);
        if (part.empty() || part == "." || part == "..") return bad_key(key, "has an empty part, \".\" or \"..\"");
        begin = end + 1;
    }
    return {};
}

directory_store::directory_store(const environment& env, std::string root) : env_(env), root_(std::move(root)) {}

std::string directory_store::url() const { return "file://" + root_; }

std::string directory_store::temporary_name() {
    return join(join(root_, std::string(temporaries)), fmt::format("{}-{}.tmp", writer_id_, ++written_));
}

task<result<std::unique_ptr<directory_store>>> directory_store::open(const environment& env, std::string root, access how) {
    const std::string id = fmt::format("{:016x}", env.dice.next());
    std::unique_ptr<directory_store> out;
    const auto prepare = [&]() -> result<void> {
        if (how == access::write) {
            if (auto ok = env.files.make_directories(root); !ok) return ok;
        }
        auto real = env.files.resolve(root);
        if (!real) return real.error();
        auto status = env.files.status(*real);
        if (!status) return status.error();
        if (status->kind != file_kind::directory) return error{errc::invalid, subject::store, fmt::format("{} is not a directory", root)};
        out.reset(new directory_store(env, *real));
        if (how == access::read) return {};
        const std::string folder = join(*real, std::string(temporaries));
        if (auto ok = env.files.make_directories(folder); !ok) return ok;
        out->writer_id_ = id;
        auto lock = env.files.lock(join(folder, id + std::string(lock_suffix)), id);  // also proves that it can be written
        if (!lock) return lock.error();
        out->temporaries_lock_ = std::move(*lock);
        clear_leftovers(env.files, folder);
        return {};
    };
    auto ok = co_await env.elsewhere(prepare);
    if (!ok) co_return as_store(ok.error()).within("store " + root);
    co_return out;
}

directory_store::~directory_store() {
    if (!temporaries_lock_) return;
    (void)env_.files.remove(join(join(root_, std::string(temporaries)), writer_id_ + std::string(lock_suffix)));
}

task<result<std::unique_ptr<object_writer>>> directory_store::open_writer(std::string key, object_attributes attributes) {
    if (auto ok = check_key(key); !ok) co_return ok.error();
    if (!temporaries_lock_) co_return error{errc::read_only, subject::store, url() + " was opened for reading"};
    const std::string temporary = temporary_name();
    auto data = co_await env_.elsewhere([&] { return env_.files.open(temporary, open_mode::create_new); });
    if (!data) co_return as_store(data.error());
    std::unique_ptr<object_writer> writer =
        std::make_unique<directory_writer>(env_, std::move(*data), temporary, join(root_, key), attributes.timestamp_ms);
    co_return writer;
}

task<result<void>> directory_store::put_if_absent(std::string key, bytes data, object_attributes attributes) {
    if (auto ok = check_key(key); !ok) co_return ok.error();
    if (!temporaries_lock_) co_return error{errc::read_only, subject::store, url() + " was opened for reading"};
    const std::string temporary = temporary_name();
    const std::string path = join(root_, key);
    const auto put = [&]() -> result<void> {
        auto opened = env_.files.open(temporary, open_mode::create_new);
        if (!opened) return opened.error();
        auto ok = (*opened)->write_at(0, data);
        if (ok) ok = publish(env_.files, **opened, temporary, path, attributes.timestamp_ms);
        if (!ok) (void)env_.files.remove(temporary);
        return ok;
    };
    auto ok = co_await env_.elsewhere(put);
    if (!ok) co_return as_store(ok.error());
    co_return ok;
}

task<result<object_info>> directory_store::head(std::string key) {
    if (auto ok = check_key(key); !ok) co_return ok.error();
    auto status = co_await env_.elsewhere([&] { return env_.files.status(join(root_, key)); });
    if (!status) co_return as_store(status.error());
    if (status->kind != file_kind::regular) co_return error{errc::not_found, subject::store, key + " is not an object"};
    co_return object_info{std::move(key), status->size, status->modified_ms};
}

task<result<bytes>> directory_store::get(std::string key, std::uint64_t offset, std::uint64_t length) {
    if (auto ok = check_key(key); !ok) co_return ok.error();
    if (length > most_length) co_return error{errc::invalid, subject::store, fmt::format("{}: {} bytes in one get", key, length)};
    const auto read = [&]() -> result<bytes> {
        const std::string path = join(root_, key);
        auto status = env_.files.status(path);
        if (!status) return status.error();
        if (status->kind != file_kind::regular) return error{errc::not_found, subject::store, key + " is not an object"};
        auto opened = env_.files.open(path, open_mode::read);
        if (!opened) return opened.error();
        bytes out(offset >= status->size ? 0 : std::min(length, status->size - offset));
        auto got = (*opened)->read_at(offset, out);
        if (!got) return got.error();
        out.resize(*got);
        return out;
    };
    auto out = co_await env_.elsewhere(read);
    if (!out) co_return as_store(out.error());
    co_return out;
}

task<result<std::vector<object_info>>> directory_store::list(std::string prefix) {
    if (auto ok = check_key(prefix); !ok) co_return ok.error();
    const auto read = [&]() -> result<std::vector<object_info>> {
        std::vector<object_info> out;
        auto entries = env_.files.list(join(root_, prefix));
        if (!entries && entries.error().code == errc::not_found) return out;
        if (!entries) return entries.error();
        for (const auto& entry : *entries) {
            if (entry.kind != file_kind::regular) continue;
            std::string key = prefix + "/" + entry.name;
            auto status = env_.files.status(join(root_, key));
            if (!status && status.error().code == errc::not_found) continue;  // removed meanwhile
            if (!status) return status.error();
            if (out.size() == most_objects) return error{errc::too_large, subject::store, fmt::format("{}: more than {} objects", prefix, most_objects)};
            out.push_back({std::move(key), status->size, status->modified_ms});
        }
        return out;
    };
    auto out = co_await env_.elsewhere(read);
    if (!out) co_return as_store(out.error());
    co_return out;
}

task<result<std::vector<std::string>>> directory_store::children(std::string prefix) {
    if (!prefix.empty()) {
        if (auto ok = check_key(prefix); !ok) co_return ok.error();
    }
    auto entries = co_await env_.elsewhere([&] { return env_.files.list(join(root_, prefix)); });
    std::vector<std::string> out;
    if (!entries && entries.error().code == errc::not_found && !prefix.empty()) co_return out;
    if (!entries) co_return as_store(entries.error());
    for (const auto& entry : *entries) {
        if (entry.kind == file_kind::directory && entry.name != temporaries) out.push_back(entry.name);
    }
    co_return out;
}

task<result<void>> directory_store::remove(std::string key) {
    if (auto ok = check_key(key); !ok) co_return ok.error();
    const auto remove_it = [&]() -> result<void> {
        const std::string path = join(root_, key);
        auto ok = env_.files.remove(path);
        if (!ok && ok.error().code == errc::not_found) return {};
        if (!ok) return ok;
        return env_.files.sync_directory(parent_of(path));
    };
    auto ok = co_await env_.elsewhere(remove_it);
    if (!ok) co_return as_store(ok.error());
    co_return ok;
}

}  // namespace io
