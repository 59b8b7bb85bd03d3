#include "io/random.h"

#include <sys/random.h>

#include <ctime>

namespace io {

real_random::real_random() : state_{} {
    if (::getrandom(state_, sizeof state_, 0) != sizeof state_ || (state_[0] | state_[1]) == 0) {
        timespec now{};
        ::clock_gettime(CLOCK_REALTIME, &now);
        state_[0] = static_cast<std::uint64_t>(now.tv_nsec) | 1U;
        state_[1] = static_cast<std::uint64_t>(now.tv_sec);
    }
}

// xorshift128+
std::uint64_t real_random::next() {
    std::uint64_t a = state_[0];
    const std::uint64_t b = state_[1];
    state_[0] = b;
    a ^= a << 23U;
    state_[1] = a ^ b ^ (a >> 18U) ^ (b >> 5U);
    return state_[1] + b;
}

}  // namespace io
