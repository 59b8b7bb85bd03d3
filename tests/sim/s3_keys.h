// What a client of the simulated server signs with: keys that are known and stay the same.
#pragma once

#include "s3/credentials_source.h"
#include "tests/sim/s3_server.h"

namespace sim {

class s3_keys final : public s3::credentials_source {
public:
    io::task<io::result<s3::credentials>> get() override { co_return s3_server::keys(); }
    void refused(const s3::credentials&) override {}
};

}  // namespace sim
