// The real disk, whose reads fail from an offset on.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "io/posix_file_system.h"

namespace tests {

class bad_disk final : public io::file_system {
public:
    std::uint64_t fails_from = UINT64_MAX;  // reads that reach beyond fail, also of files that are open

    io::result<std::unique_ptr<io::file>> open(const std::string& path, io::open_mode mode) override {
        auto real = real_.open(path, mode);
        if (!real) return real.error();
        return std::unique_ptr<io::file>(new bad_file(std::move(*real), fails_from));
    }
    io::result<std::unique_ptr<io::mapping>> map(const std::string& path, std::uint64_t size) override { return real_.map(path, size); }
    io::result<io::file_status> status(const std::string& path) override { return real_.status(path); }
    io::result<std::vector<io::directory_entry>> list(const std::string& path) override { return real_.list(path); }
    io::result<std::string> resolve(const std::string& path) override { return real_.resolve(path); }
    io::result<io::disk_space> space(const std::string& path) override { return real_.space(path); }
    io::result<void> make_directories(const std::string& path) override { return real_.make_directories(path); }
    io::result<void> rename(const std::string& from, const std::string& to) override { return real_.rename(from, to); }
    io::result<void> rename_if_absent(const std::string& from, const std::string& to) override { return real_.rename_if_absent(from, to); }
    io::result<void> remove(const std::string& path) override { return real_.remove(path); }
    io::result<void> sync_directory(const std::string& path) override { return real_.sync_directory(path); }
    io::result<void> set_modified(const std::string& path, std::int64_t ms) override { return real_.set_modified(path, ms); }
    io::result<std::unique_ptr<io::file>> lock(const std::string& path, const std::string& who) override { return real_.lock(path, who); }

private:
    class bad_file final : public io::file {
    public:
        bad_file(std::unique_ptr<io::file> real, const std::uint64_t& from) : real_(std::move(real)), from_(from) {}
        io::result<std::size_t> read_at(std::uint64_t offset, io::byte_span out) override {
            if (offset + out.size() > from_) return io::error{io::errc::io_failure, io::subject::general, "the disk"};
            return real_->read_at(offset, out);
        }
        io::result<void> write_at(std::uint64_t offset, io::byte_view data) override { return real_->write_at(offset, data); }
        io::result<std::uint64_t> size() override { return real_->size(); }
        io::result<void> truncate(std::uint64_t size) override { return real_->truncate(size); }
        io::result<void> sync() override { return real_->sync(); }

    private:
        std::unique_ptr<io::file> real_;
        const std::uint64_t& from_;
    };

    io::posix_file_system real_;
};

}  // namespace tests
