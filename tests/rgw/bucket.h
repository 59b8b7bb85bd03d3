// A bucket of its own for each test on the RADOS gateway that all of this program's tests share.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "io/tcp_network.h"
#include "s3/store.h"
#include "tests/support/fixed_credentials.h"
#include "tests/support/real_environment.h"
#include "tests/support/rgw.h"

namespace tests {

class bucket_test : public testing::Test {
public:
    rgw& server = rgw::shared();
    real_environment world;
    io::tcp_network net{world.env.on};
    fixed_credentials keys{credentials_of(server)};
    std::string bucket;

    // Creates the bucket.
    bucket_test();

    // "s3://<bucket>/<prefix>?endpoint=<endpoint>&region=…" and `more` parameters, with little patience.
    s3::store_settings settings(const std::string& endpoint, const std::string& prefix = "p", const std::string& more = "") const;
    s3::store_settings settings() const { return settings(server.http()); }
    io::result<std::unique_ptr<s3::store>> open(s3::store_settings with, s3::store::access how = s3::store::access::write);
    // The same, and it must succeed.
    std::unique_ptr<s3::store> store(s3::store_settings with, s3::store::access how = s3::store::access::write);
    std::unique_ptr<s3::store> store() { return store(settings()); }
    // A client for requests that the store does not make; whole keys.
    std::unique_ptr<s3::client> client() { return std::make_unique<s3::client>(world.env, net, keys, settings().where, settings().requests); }
};

// `size` bytes that differ by `seed`.
io::bytes some_bytes(std::size_t size, std::uint64_t seed = 1);

}  // namespace tests
