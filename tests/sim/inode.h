// What a simulated disk holds: files and directories, each as processes see it now and as it would be after a loss of power.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "io/bytes.h"
#include "tests/sim/locks.h"
#include "tests/sim/prng.h"

namespace sim {

inline constexpr std::uint64_t sector_bytes = 512;

// Bytes that stay in one place while they fit, so that they can be mapped.
class content {
public:
    explicit content(std::shared_ptr<std::uint64_t> used) : used_(std::move(used)) {}
    ~content() { charge(false); }
    content(const content&) = delete;
    content& operator=(const content&) = delete;

    std::uint64_t size() const { return size_; }
    io::byte_span all() const { return {bytes_.get(), size_}; }
    const std::shared_ptr<std::uint8_t[]>& place() const { return bytes_; }
    void reserve(std::uint64_t capacity);
    void resize(std::uint64_t size);
    void write(std::uint64_t offset, io::byte_view data);
    // Whether it takes up room on the disk.
    void charge(bool counts);

private:
    std::shared_ptr<std::uint64_t> used_;  // bytes of the whole disk
    std::shared_ptr<std::uint8_t[]> bytes_;
    std::uint64_t size_ = 0;
    std::uint64_t capacity_ = 0;
    bool counts_ = true;
};

struct inode {
    // Something done to a file since it was last synced; `data` is empty for a new size.
    struct change {
        std::uint64_t offset = 0;  // or the size
        std::optional<io::bytes> data;
    };

    inode(std::uint64_t its_number, bool is_directory, std::shared_ptr<std::uint64_t> used) : number(its_number), directory(is_directory), now(std::move(used)) {}

    void write(std::uint64_t offset, io::byte_view data);
    void resize(std::uint64_t size);
    void sync();
    // What a loss of power leaves of a file: everything that was synced, and of the rest what the dice say, sector by sector.
    void lose_power(prng& dice);

    std::uint64_t number;
    bool directory;
    std::int64_t modified_ms = 0;

    // Names and openings: with neither it takes up no room any more.
    int links = 0;
    int openings = 0;
    void settle() { now.charge(links > 0 || openings > 0); }

    // Of a file.
    content now;
    io::bytes durable;
    std::int64_t durable_ms = 0;
    std::vector<change> unsynced;
    bool mapped = false;  // since it was last synced: stores into a mapping are seen by comparing only
    std::optional<std::pair<process_id, const void*>> flock;
    database_locks database;
    index_locks index;
    std::vector<std::unique_ptr<std::uint8_t[]>> regions;  // of a wal-index, 32 KiB each, shared by all that map it
    std::vector<std::pair<const void*, process_id>> index_users;
    std::map<process_id, std::weak_ptr<inode>> index_of;  // of a database: which wal-index the connections of a process share

    // Of a directory.
    std::map<std::string, std::shared_ptr<inode>> entries;
    std::map<std::string, std::shared_ptr<inode>> durable_entries;
};

}  // namespace sim
