// The real file system with every call noted, in order, and failing where a test wants it to.
#pragma once

#include <algorithm>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "io/posix_file_system.h"

namespace tests {

class spoiled_files final : public io::file_system {
public:
    // Asked before each call, from whatever thread makes it: "write", "sync", "rename_if_absent" … and the path (of a rename, the new
    // one). An errno is the call's answer then, and the call is not made; 0 lets it be made.
    std::function<int(const std::string& call, const std::string& path)> spoil;
    // After how many bytes of each write_at that fails the device gave up.
    std::size_t torn_after = 0;
    // Syncs are noted and not made: for tests that do thousands of them and never lose power.
    bool lazy = false;

    // The calls that change something, as "<call> <path>".
    std::vector<std::string> calls() const {
        const std::lock_guard guard(lock_);
        return calls_;
    }
    void forget() {
        const std::lock_guard guard(lock_);
        calls_.clear();
    }

    io::result<std::unique_ptr<io::file>> open(const std::string& path, io::open_mode mode) override {
        if (const auto e = failing("open", path, mode != io::open_mode::read)) return *e;
        return wrap(real_.open(path, mode), path);
    }
    io::result<std::unique_ptr<io::mapping>> map(const std::string& path, std::uint64_t size) override {
        if (const auto e = failing("map", path)) return *e;
        return real_.map(path, size);
    }
    io::result<io::file_status> status(const std::string& path) override {
        if (const auto e = failing("status", path, false)) return *e;
        return real_.status(path);
    }
    io::result<std::vector<io::directory_entry>> list(const std::string& path) override {
        if (const auto e = failing("list", path, false)) return *e;
        return real_.list(path);
    }
    io::result<std::string> resolve(const std::string& path) override {
        if (const auto e = failing("resolve", path, false)) return *e;
        return real_.resolve(path);
    }
    io::result<io::disk_space> space(const std::string& path) override { return real_.space(path); }
    io::result<void> make_directories(const std::string& path) override {
        if (const auto e = failing("make_directories", path)) return *e;
        return real_.make_directories(path);
    }
    io::result<void> rename(const std::string& from, const std::string& to) override {
        if (const auto e = failing("rename", to)) return *e;
        return real_.rename(from, to);
    }
    io::result<void> rename_if_absent(const std::string& from, const std::string& to) override {
        if (const auto e = failing("rename_if_absent", to)) return *e;
        return real_.rename_if_absent(from, to);
    }
    io::result<void> remove(const std::string& path) override {
        if (const auto e = failing("remove", path)) return *e;
        return real_.remove(path);
    }
    io::result<void> sync_directory(const std::string& path) override {
        if (const auto e = failing("sync_directory", path)) return *e;
        if (lazy) return {};
        return real_.sync_directory(path);
    }
    io::result<void> sync_file_system(const std::string& path) override {
        if (const auto e = failing("sync_file_system", path)) return *e;
        return real_.sync_file_system(path);
    }
    io::result<void> set_modified(const std::string& path, std::int64_t modified_ms) override {
        if (const auto e = failing("set_modified", path)) return *e;
        return real_.set_modified(path, modified_ms);
    }
    io::result<std::unique_ptr<io::file>> lock(const std::string& path, const std::string& who) override {
        if (const auto e = failing("lock", path)) return *e;
        return real_.lock(path, who);
    }

private:
    class noted final : public io::file {
    public:
        noted(spoiled_files& owner, std::unique_ptr<io::file> real, std::string path) : owner_(owner), real_(std::move(real)), path_(std::move(path)) {}
        io::result<std::size_t> read_at(std::uint64_t offset, io::byte_span out) override {
            if (const auto e = owner_.failing("read", path_, false)) return *e;
            return real_->read_at(offset, out);
        }
        io::result<void> write_at(std::uint64_t offset, io::byte_view data) override {
            if (const auto e = owner_.failing("write", path_)) {
                (void)real_->write_at(offset, data.first(std::min(owner_.torn_after, data.size())));
                return *e;
            }
            return real_->write_at(offset, data);
        }
        io::result<std::uint64_t> size() override { return real_->size(); }
        io::result<void> truncate(std::uint64_t size) override {
            if (const auto e = owner_.failing("truncate", path_)) return *e;
            return real_->truncate(size);
        }
        io::result<void> sync() override {
            if (const auto e = owner_.failing("sync", path_)) return *e;
            if (owner_.lazy) return {};
            return real_->sync();
        }

    private:
        spoiled_files& owner_;
        std::unique_ptr<io::file> real_;
        std::string path_;
    };

    io::result<std::unique_ptr<io::file>> wrap(io::result<std::unique_ptr<io::file>> opened, const std::string& path) {
        if (!opened) return opened;
        return std::unique_ptr<io::file>(std::make_unique<noted>(*this, std::move(*opened), path));
    }

    std::optional<io::error> failing(const std::string& call, const std::string& path, bool changes = true) {
        if (changes) {
            const std::lock_guard guard(lock_);
            calls_.push_back(call + " " + path);
        }
        const int number = spoil ? spoil(call, path) : 0;
        if (number == 0) return std::nullopt;
        return io::from_errno(number, io::subject::general, call + " " + path);
    }

    io::posix_file_system real_;
    mutable std::mutex lock_;
    std::vector<std::string> calls_;
};

}  // namespace tests
