// Bytes that count in a total as long as this lives.
#pragma once

#include <cstdint>
#include <utility>

namespace engine {

class counted_bytes {
public:
    // `total` must outlive this.
    explicit counted_bytes(std::uint64_t& total, std::uint64_t bytes = 0) : total_(&total) { set(bytes); }
    counted_bytes(counted_bytes&& other) noexcept : total_(other.total_), bytes_(std::exchange(other.bytes_, 0)) {}
    counted_bytes& operator=(counted_bytes&&) = delete;
    ~counted_bytes() { set(0); }

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
