#include "tests/sim/commit.h"

#include <charconv>

#include "flotilla_commit.inc"  // commit.cmake writes it

namespace sim {

const std::string& commit() {
    static const std::string text = flotilla_commit;
    return text;
}

std::uint64_t seed_of_commit() {
    // Eight digits are enough to differ, and can be read aloud.
    constexpr std::size_t digits = 8;
    std::uint64_t out = 1;
    if (commit().size() >= digits) (void)std::from_chars(commit().data(), commit().data() + digits, out, 16);
    return out;
}

}  // namespace sim
