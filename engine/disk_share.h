// Bytes on local disk that count for options.disk_limit as long as this lives.
#pragma once

#include <cstdint>
#include <utility>

namespace engine {

class disk_share {
public:
    // `total`, which outlives this, has them, too.
    explicit disk_share(std::uint64_t& total, std::uint64_t bytes = 0) : total_(&total) { set(bytes); }
    disk_share(disk_share&& other) noexcept : total_(other.total_), bytes_(std::exchange(other.bytes_, 0)) {}
    disk_share& operator=(disk_share&&) = delete;
    ~disk_share() { set(0); }

    void set(std::uint64_t bytes) {
        *total_ += bytes - bytes_;
        bytes_ = bytes;
    }
    std::uint64_t bytes() const { return bytes_; }

private:
    std::uint64_t* total_;
    std::uint64_t bytes_ = 0;
};

}  // namespace engine
