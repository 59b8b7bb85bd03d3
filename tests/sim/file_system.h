// io::file_system on a simulated disk, as one process has it.
#pragma once

#include "io/file_system.h"
#include "tests/sim/disk.h"

namespace sim {

class file_system final : public io::file_system {
public:
    file_system(disk& on, process_id who) : on_(on), who_(who) {}

    io::result<std::unique_ptr<io::file>> open(const std::string& path, io::open_mode mode) override;
    io::result<std::unique_ptr<io::mapping>> map(const std::string& path, std::uint64_t size) override;
    io::result<io::file_status> status(const std::string& path) override;
    io::result<std::vector<io::directory_entry>> list(const std::string& path) override;
    io::result<std::string> resolve(const std::string& path) override;
    io::result<io::disk_space> space(const std::string& path) override;
    io::result<void> make_directories(const std::string& path) override;
    io::result<void> rename(const std::string& from, const std::string& to) override;
    io::result<void> rename_if_absent(const std::string& from, const std::string& to) override;
    io::result<void> remove(const std::string& path) override;
    io::result<void> sync_directory(const std::string& path) override;
    io::result<void> sync_file_system(const std::string& path) override;
    io::result<void> set_modified(const std::string& path, std::int64_t modified_ms) override;
    io::result<std::unique_ptr<io::file>> lock(const std::string& path, const std::string& who) override;

    // Files and mappings that are open: none when a process has ended in order.
    std::size_t open_now() const { return *open_; }

private:
    io::result<void> named(disk::call what, const std::string& path, const std::function<int()>& then, std::string_view words);

    disk& on_;
    process_id who_;
    std::shared_ptr<std::size_t> open_ = std::make_shared<std::size_t>(0);
};

}  // namespace sim
