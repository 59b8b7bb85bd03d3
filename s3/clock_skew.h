// How far the server's clock is from ours. Learned when a request was refused for its time, applied to every later signature. Pure.
#pragma once

#include <cstdint>

namespace s3 {

class clock_skew {
public:
    // What the server's Date header said when our clock said `local_ms`; both ms since 1970.
    void learn(std::int64_t server_ms, std::int64_t local_ms) { ahead_ms_ = server_ms - local_ms; }
    // Our clock, corrected.
    std::int64_t corrected(std::int64_t local_ms) const { return local_ms + ahead_ms_; }
    // Positive if the server is ahead of us.
    std::int64_t ahead_ms() const { return ahead_ms_; }

private:
    std::int64_t ahead_ms_ = 0;
};

}  // namespace s3
