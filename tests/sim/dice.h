// io::random from the seed.
#pragma once

#include "io/random.h"
#include "tests/sim/prng.h"

namespace sim {

class dice final : public io::random {
public:
    explicit dice(prng from) : from_(from) {}
    std::uint64_t next() override { return from_.next(); }

private:
    prng from_;
};

}  // namespace sim
