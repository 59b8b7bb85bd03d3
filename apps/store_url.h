// Stores by URL: a path or file:///path is a directory, s3://bucket/prefix is on S3.
#pragma once

#include <memory>
#include <string>

#include "io/directory_store.h"
#include "io/environment.h"
#include "io/object_store.h"

namespace apps {

// The directory that a URL names: itself if it is a path (anything without "scheme://"), the decoded path of file:///path. Pure.
// invalid (subject::usage): empty, another scheme (S3 included), a host in a file URL, a bad %-escape.
io::result<std::string> directory_of(const std::string& url);

// Opens the store. Errors as directory_of and io::directory_store::open, or open_s3, whose last parameter the last one is. `env` must
// outlive the store.
io::task<io::result<std::shared_ptr<io::object_store>>> open_store(const io::environment& env, std::string url, io::directory_store::access how,
                                                                   bool unsafe_no_conditional_put = false);

}  // namespace apps
