// Stores by URL: a path or file:///path is a directory.
#pragma once

#include <memory>
#include <string>

#include "io/directory_store.h"
#include "io/environment.h"
#include "io/object_store.h"

namespace apps {

// The directory that a URL names: itself if it is a path (anything without "scheme://"), the decoded path of file:///path. Pure.
// invalid (subject::usage): empty, another scheme, a host in a file URL, a bad %-escape.
io::result<std::string> directory_of(const std::string& url);

// Opens the store. Errors as directory_of and io::directory_store::open. `env` must outlive the store.
io::task<io::result<std::unique_ptr<io::object_store>>> open_store(const io::environment& env, std::string url,
                                                                   io::directory_store::access how);

}  // namespace apps
