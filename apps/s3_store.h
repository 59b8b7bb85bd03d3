// An S3 store with what belongs to it: network, credentials, client.
#pragma once

#include <memory>
#include <string>

#include "io/directory_store.h"
#include "io/environment.h"
#include "s3/store.h"

namespace apps {

// The way to a store: nothing is asked of the server yet.
struct s3_way {
    std::unique_ptr<io::network> net;
    std::unique_ptr<s3::credentials_source> keys;
    s3::store_url where;
};

// Reads the URL, s3://bucket/prefix?... (s3/store_url.h says what may follow), with region, endpoint and credentials from this process's
// environment and the shared files where it is silent. Errors: subject::usage (the URL, a profile, a key file). `env` must outlive the
// result.
io::task<io::result<s3_way>> find_s3(const io::environment& env, std::string url);

// The store and what it refers to. Members are destroyed from the last to the first.
struct s3_place {
    std::unique_ptr<io::network> net;
    std::unique_ptr<s3::credentials_source> keys;
    std::unique_ptr<s3::store> store;
};

// Errors: those of find_s3 and of s3::store::open. `env` must outlive the result. For writing see s3::store_settings::unsafe_no_conditional_put.
io::task<io::result<s3_place>> open_s3(const io::environment& env, std::string url, io::directory_store::access how, bool unsafe_no_conditional_put);

}  // namespace apps
