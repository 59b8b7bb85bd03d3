#include "engine/object_reader.h"

#include <fmt/format.h>

#include <algorithm>

#include "io/retry.h"

namespace engine {

namespace {
constexpr unsigned most_tries = 6;
}

io::task<io::result<io::bytes>> object_reader::read(std::string key, std::uint64_t offset, std::uint64_t length) {
    io::bytes all;
    for (std::uint64_t done = 0; done < length;) {
        const std::uint64_t wanted = std::min(piece, length - done);
        auto part = co_await read_piece(key, offset + done, wanted);
        if (!part || wanted == length) co_return part;
        io::append(all, *part);
        done += wanted;
    }
    co_return all;
}

io::task<io::result<io::bytes>> object_reader::read_piece(const std::string& key, std::uint64_t offset, std::uint64_t length) {
    io::backoff pauses{io::retry_policy{}};
    for (unsigned tries = 1;; ++tries) {
        auto got = co_await store_.get(key, offset, length);
        if (got && got->size() == length) {
            fetched_ += length;
            co_return got;
        }
        if (got) {
            co_return io::error{io::errc::corrupt, io::subject::integrity,
                                fmt::format("{}: ends after {} bytes, not {}", key, offset + got->size(), offset + length)};
        }
        if (tries == most_tries || io::classify(got.error().code) != io::disposition::retry) co_return got.error().within(key);
        const io::duration pause = pauses.next(env_.dice);
        co_await io::sleep_for(env_.time, pause);
    }
}

}  // namespace engine
