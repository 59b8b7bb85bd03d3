// A whole object, front to end, in bounded memory.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "engine/object_reader.h"
#include "io/environment.h"
#include "io/task.h"

namespace engine {

// Gives the object's `size` bytes to `sink` piece by piece, on the pool's threads but never two at once; the next piece travels
// meanwhile. Ends with the sink's first error or the reader's. Memory: two pieces. What is passed by reference must live until the end.
io::task<io::result<void>> stream_object(const io::environment& env, object_reader& reader, const std::string& key, std::uint64_t size,
                                         const std::function<io::result<void>(io::byte_view)>& sink);

}  // namespace engine
