#include "io/retry.h"

#include <algorithm>

namespace io {

duration backoff::next(random& dice) {
    duration ceiling = std::min(policy_.first, policy_.most);
    for (unsigned i = 0; i < tries_ && ceiling < policy_.most; ++i) ceiling += std::min(ceiling, policy_.most - ceiling);
    ++tries_;
    const duration least = ceiling / 8;
    return least + duration(static_cast<duration::rep>(dice.next() % static_cast<std::uint64_t>((ceiling - least).count() + 1)));
}

}  // namespace io
