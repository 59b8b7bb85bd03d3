// The copies of shipped objects that all streams keep in their caches, options.cache_bytes of them at the most, for whoever wants an object
// without asking the store. Nothing relies on them. What goes when room is wanted is cache_plan's decision; where nothing may go, a new copy
// is not kept.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "engine/cache_plan.h"
#include "engine/object_row.h"
#include "engine/state_store.h"
#include "io/environment.h"

namespace engine {

class cache_shelf {
public:
    // Begins with the copies that state.db knows of. `limit` in bytes; 0: none are kept. Both references must outlive this.
    cache_shelf(const io::environment& env, state_store& state, std::uint64_t limit);

    bool in_use() const { return limit_ != 0; }
    // Of all copies together; at most the limit.
    std::uint64_t bytes() const { return bytes_; }
    bool holds(const std::string& stream, const object_name& name) const { return copies_.contains({stream, name}); }

    // The row is of an uploaded object whose file is in the cache: kept and remembered, in others' place if need be, or removed.
    io::task<void> add(std::string stream, object_row row);
    // Its file is gone.
    void forget(const std::string& stream, const object_name& name);

private:
    using key = std::pair<std::string, object_name>;
    struct copy {
        std::uint64_t size = 0;
        std::int64_t time_ms = 0;
        std::string file;
    };
    std::vector<key> make_room();

    const io::environment& env_;
    state_store& state_;
    std::uint64_t limit_;
    std::uint64_t bytes_ = 0;
    std::map<key, copy> copies_;
    bool full_ = false;  // of what must stay: until the next snapshot there is no use in looking again
};

}  // namespace engine
