// Names of streams in messages: what is there, when somebody asks for what is not.
#pragma once

#include <string>
#include <vector>

#include "io/environment.h"
#include "io/object_store.h"

namespace apps {

// "; the store holds: a.db, b.db" (at most ten, then how many more), "; the store holds no streams". Pure.
std::string those_there_are(const std::vector<std::string>& names);

// The error `wrong` of a command about `stream`, with the names that the store has if this one is not among them.
io::task<io::error> name_the_others(io::object_store& store, std::string stream, io::error wrong);

// `stream` alone if it is not empty, else every stream in the store.
io::task<io::result<std::vector<std::string>>> streams_to_show(io::object_store& store, std::string stream);

}  // namespace apps
