// How an S3 server behaves over HTTP.
#pragma once

#include <cstddef>
#include <cstdint>

#include "io/clock.h"

namespace sim {

// How the server behaves beyond store_habits. Rates are in 1,000,000 of answers; may be changed while the world runs.
struct s3_habits {
    std::uint64_t chunked = 300'000;         // documents come without a length
    std::uint64_t closes = 0;                // the connection ends behind the answer although it said that it would stay
    std::size_t most_listed = 1000;          // keys and parts that a page of a listing has, whatever the client asks for
    io::duration least_idle = std::chrono::seconds(5);   // connections that are unused for so long are ended, each after a time of its own
    io::duration most_idle = std::chrono::seconds(65);
    io::duration longest_stall = std::chrono::seconds(90);
};

}  // namespace sim
