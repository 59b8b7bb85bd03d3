// Random numbers that are the same on every machine: a generator of our own, whole numbers only. Every subsystem has a stream of its own
// under the seed, so that one more draw in the store does not shift what the disk does.
#pragma once

#include <cstdint>
#include <string_view>

namespace sim {

class prng {
public:
    explicit prng(std::uint64_t seed, std::string_view stream = {}) : state_(seed) {
        for (const char c : stream) state_ = (state_ ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
        (void)next();
    }

    // splitmix64
    std::uint64_t next() {
        state_ += 0x9e3779b97f4a7c15ULL;
        std::uint64_t z = state_;
        z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9ULL;
        z = (z ^ (z >> 27U)) * 0x94d049bb133111ebULL;
        return z ^ (z >> 31U);
    }
    // 0 to n - 1; n > 0.
    std::uint64_t below(std::uint64_t n) { return next() % n; }
    // `least` to `most`, both included.
    std::uint64_t between(std::uint64_t least, std::uint64_t most) { return least + below(most - least + 1); }
    // True `parts` times in 1,000.
    bool chance(std::uint64_t parts) { return parts != 0 && below(1000) < parts; }

private:
    std::uint64_t state_;
};

}  // namespace sim
