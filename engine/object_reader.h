// Ranged reads of objects that must be there: exact, and tried again where that may help.
#pragma once

#include <cstdint>
#include <string>

#include "io/environment.h"
#include "io/object_store.h"
#include "io/task.h"

namespace engine {

class object_reader {
public:
    // The longest single get, in bytes.
    static constexpr std::uint64_t piece = 4U << 20U;

    // Both must outlive this. May be used by several coroutines at once.
    object_reader(const io::environment& env, io::object_store& store) : env_(env), store_(store) {}

    // Exactly the bytes [offset, offset + length), by one get a piece. A get that fails in a way that may pass is made six times in
    // all, with growing pauses. Errors, with the key in the context: the store's; corrupt (subject::integrity) if the object ends
    // before.
    io::task<io::result<io::bytes>> read(std::string key, std::uint64_t offset, std::uint64_t length);

    // Bytes read so far.
    std::uint64_t fetched() const { return fetched_; }

private:
    io::task<io::result<io::bytes>> read_piece(const std::string& key, std::uint64_t offset, std::uint64_t length);

    const io::environment& env_;
    io::object_store& store_;
    std::uint64_t fetched_ = 0;
};

}  // namespace engine
