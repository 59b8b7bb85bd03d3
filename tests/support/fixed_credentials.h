// Credentials that are known and stay the same.
#pragma once

#include <utility>

#include "s3/credentials_source.h"
#include "tests/support/rgw.h"

namespace tests {

class fixed_credentials final : public s3::credentials_source {
public:
    explicit fixed_credentials(s3::credentials these) : these_(std::move(these)) {}
    io::task<io::result<s3::credentials>> get() override { co_return these_; }
    void refused(const s3::credentials&) override {}

private:
    s3::credentials these_;
};

inline s3::credentials credentials_of(const rgw& server) { return {server.access_key(), s3::secret(server.secret_key()), {}, {}}; }

}  // namespace tests
