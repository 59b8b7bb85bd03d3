// The copies of shipped objects that all streams keep in their caches, options.cache_bytes of them at the most, and no more than
// options.disk_limit leaves beside what waits for the store. They are for whoever wants an object without asking the store; nothing relies on
// them. What goes when room is wanted is cache_plan's decision; where nothing may go, a new copy is not kept.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/budgets.h"
#include "engine/cache_plan.h"
#include "engine/object_row.h"
#include "engine/options.h"
#include "engine/state_store.h"
#include "io/environment.h"

namespace engine {

class cache_shelf {
public:
    // Begins with the copies that state.db knows of. All references must outlive this.
    cache_shelf(const io::environment& env, state_store& state, const options& settings, const budgets& shares);

    bool in_use() const { return settings_.cache_bytes != 0; }
    // Of all copies together.
    std::uint64_t bytes() const { return bytes_; }
    bool holds(const std::string& stream, const object_name& name) const { return copies_.contains({stream, name}); }

    // How many bytes a new copy of it may have; 0: it would not be kept.
    std::uint64_t room(const object_name& name) const;

    // The row is of an uploaded object whose file is in the cache: kept and remembered, in others' place if need be, or removed.
    io::task<void> add(std::string stream, object_row row);
    // Copies go until they have so many bytes less; if fewer may go, none does, and the answer is false.
    io::task<bool> give(std::uint64_t bytes);
    // Its file is gone.
    void forget(const std::string& stream, const object_name& name);

private:
    using key = std::pair<std::string, object_name>;
    struct copy {
        std::uint64_t size = 0;
        std::int64_t time_ms = 0;
        std::string file;
    };
    std::uint64_t limit() const;
    bool is_full(const object_name& added) const;
    std::vector<key> choose(std::uint64_t wanted, std::uint64_t most) const;
    io::task<void> remove(std::vector<key> gone);

    const io::environment& env_;
    state_store& state_;
    const options& settings_;
    const budgets& shares_;
    std::uint64_t bytes_ = 0;
    std::map<key, copy> copies_;
    std::optional<std::uint64_t> full_at_;  // with this limit, of what must stay: no use in looking again before a snapshot or more room
};

}  // namespace engine
