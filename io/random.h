// Randomness: writer epochs, jitter, temporary names. Not for secrets.
#pragma once

#include <cstdint>

namespace io {

class random {
public:
    virtual ~random() = default;
    virtual std::uint64_t next() = 0;
};

// getrandom(2) once for the seed, then a generator of our own. For one thread at a time.
class real_random final : public random {
public:
    real_random();
    std::uint64_t next() override;

private:
    std::uint64_t state_[2];
};

}  // namespace io
