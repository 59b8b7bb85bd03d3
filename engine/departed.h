// Streams whose database is gone: their row, page sums and cached copies go once it has been missing for options.forget_after. A stream of
// which something waits for the store on this host, a segment or a refused object, is never forgotten (A5). A database that comes back later is
// proven from the store, which has all of it: that costs what a lost state directory does.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "engine/cache_shelf.h"
#include "engine/memo.h"
#include "engine/options.h"
#include "engine/state_store.h"
#include "io/environment.h"

namespace engine {

class departed {
public:
    // All references must outlive this.
    departed(const io::environment& env, state_store& state, cache_shelf& shelf, const options& settings, std::string store_url)
        : env_(env), state_(state), shelf_(shelf), settings_(settings), store_url_(std::move(store_url)) {}

    // Looks at all streams that are not followed; none may begin to be before it returns. True: state.db has something to write.
    io::task<bool> look(std::function<bool(const std::string& stream)> is_followed);

private:
    enum class fate { there, missing, removed };
    bool is_due(const memo& row) const;
    fate find_out(const memo& row) const;
    bool remove_files(const std::string& id) const;

    const io::environment& env_;
    state_store& state_;
    cache_shelf& shelf_;
    const options& settings_;
    std::string store_url_;
};

}  // namespace engine
