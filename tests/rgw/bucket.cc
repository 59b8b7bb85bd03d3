#include "tests/rgw/bucket.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <stdexcept>

namespace tests {

bucket_test::bucket_test() {
    static int count = 0;
    bucket = fmt::format("test-{}-{}", ::getpid(), ++count);
    auto requests = client();
    auto made = world.run(requests->send(s3::make_call(s3::operation::create_bucket, "", s3::create_bucket(requests->where()))));
    if (!made) throw std::runtime_error(made.error().context);
}

s3::store_settings bucket_test::settings(const std::string& endpoint, const std::string& prefix, const std::string& more) const {
    const std::string url = fmt::format("s3://{}/{}?endpoint={}&region={}{}", bucket, prefix, endpoint, server.region(), more);
    auto parsed = s3::parse_store_url(url, {});
    if (!parsed) throw std::runtime_error(parsed.error().context);
    s3::store_settings out;
    out.where = std::move(*parsed);
    out.requests.deadline = std::chrono::seconds(20);
    out.requests.stall = std::chrono::seconds(5);
    return out;
}

io::result<std::unique_ptr<s3::store>> bucket_test::open(s3::store_settings with, s3::store::access how) {
    return world.run(s3::store::open(world.env, net, keys, std::move(with), how));
}

std::unique_ptr<s3::store> bucket_test::store(s3::store_settings with, s3::store::access how) {
    auto opened = open(std::move(with), how);
    if (!opened) throw std::runtime_error(opened.error().context);
    return std::move(*opened);
}

io::bytes some_bytes(std::size_t size, std::uint64_t seed) {
    io::bytes out(size);
    std::uint64_t state = seed * 0x9E3779B97F4A7C15U + 1;
    for (std::size_t at = 0; at < size; at += sizeof state) {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        std::memcpy(out.data() + at, &state, std::min(sizeof state, size - at));
    }
    return out;
}

}  // namespace tests
