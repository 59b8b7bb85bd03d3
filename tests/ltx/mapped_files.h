// A file system of nothing but mapped files in memory, so that a test can tear, cut and refuse what a crash or a full disk would.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "io/file_system.h"

namespace tests {

class mapped_files final : public io::file_system {
public:
    std::map<std::string, std::shared_ptr<io::bytes>> contents;
    bool full = false;  // map() fails with no_space when a file would change its size

    io::result<std::unique_ptr<io::mapping>> map(const std::string& path, std::uint64_t size) override {
        auto& file = contents[path];
        if (!file) file = std::make_shared<io::bytes>();
        if (full && file->size() != size) return io::error{io::errc::no_space, io::subject::general, path};
        file->resize(size);
        return std::make_unique<memory>(file);
    }
    io::result<io::file_status> status(const std::string& path) override {
        const auto found = contents.find(path);
        if (found == contents.end()) return io::error{io::errc::not_found, io::subject::general, path};
        return io::file_status{io::file_kind::regular, found->second->size(), 0, {}};
    }

    io::result<std::unique_ptr<io::file>> open(const std::string& path, io::open_mode) override { return no(path); }
    io::result<std::vector<io::directory_entry>> list(const std::string& path) override { return no(path); }
    io::result<std::string> resolve(const std::string& path) override { return no(path); }
    io::result<io::disk_space> space(const std::string& path) override { return no(path); }
    io::result<void> make_directories(const std::string& path) override { return no(path); }
    io::result<void> rename(const std::string& path, const std::string&) override { return no(path); }
    io::result<void> rename_if_absent(const std::string& path, const std::string&) override { return no(path); }
    io::result<void> remove(const std::string& path) override { return no(path); }
    io::result<void> sync_directory(const std::string& path) override { return no(path); }
    io::result<void> sync_file_system(const std::string& path) override { return no(path); }
    io::result<void> set_modified(const std::string& path, std::int64_t) override { return no(path); }
    io::result<std::unique_ptr<io::file>> lock(const std::string& path, const std::string&) override { return no(path); }

private:
    class memory final : public io::mapping {
    public:
        explicit memory(std::shared_ptr<io::bytes> file) : file_(std::move(file)) {}
        io::byte_span bytes() override { return *file_; }
        io::result<void> sync() override { return {}; }

    private:
        std::shared_ptr<io::bytes> file_;
    };

    static io::error no(const std::string& path) { return {io::errc::unsupported, io::subject::general, path}; }
};

}  // namespace tests
