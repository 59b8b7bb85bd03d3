// file_system over the real one.
#pragma once

#include <mutex>

#include "io/file_system.h"

namespace io {

class posix_file_system final : public file_system {
public:
    result<std::unique_ptr<file>> open(const std::string& path, open_mode mode) override;
    result<std::unique_ptr<mapping>> map(const std::string& path, std::uint64_t size) override;
    result<file_status> status(const std::string& path) override;
    result<std::vector<directory_entry>> list(const std::string& path) override;
    result<std::string> resolve(const std::string& path) override;
    result<disk_space> space(const std::string& path) override;
    result<void> make_directories(const std::string& path) override;
    result<void> rename(const std::string& from, const std::string& to) override;
    result<void> rename_if_absent(const std::string& from, const std::string& to) override;
    result<void> remove(const std::string& path) override;
    result<void> sync_directory(const std::string& path) override;
    result<void> sync_file_system(const std::string& path) override;
    result<void> set_modified(const std::string& path, std::int64_t modified_ms) override;
    result<std::unique_ptr<file>> lock(const std::string& path, const std::string& who) override;

private:
    result<void> make_one_by_one(const std::string& path);

    std::mutex making_directories_;
};

}  // namespace io
