// The copy of an object that is kept in the cache once the store has it, written while the first try puts it, so that it is encoded once. While
// the store fails nothing is written: a copy is given up with the try that it belongs to, and made after the object was confirmed. Nothing
// relies on it: trouble with it is none of the put's. Blocking, but for along().
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "engine/cache_writer.h"
#include "engine/outgoing.h"

namespace engine {

class cache_copy : public std::enable_shared_from_this<cache_copy> {
public:
    struct bounds {
        std::string directory;       // on whose disk
        std::uint64_t reserve = 0;   // so many bytes stay free
        std::uint64_t most = 0;      // bytes of the copy; a larger one is not made
    };
    // `files` must outlive this.
    cache_copy(io::file_system& files, std::string path, bounds within) : files_(files), file_(files, std::move(path)), within_(std::move(within)) {}

    using parts = std::function<outgoing::part_source()>;
    // For the put: what `from` gives, unchanged, its errors as well; the first try's parts are copied on their way.
    parts along(parts from);
    // After the object was confirmed: made from `from`, if there is no whole copy of the first try, and given its name. Nullopt: it is
    // not to be had within the bounds. Errors: the source's, the file system's, those of the first try included.
    io::result<std::optional<cache::content>> keep(const parts& from);
    // The object is not confirmed.
    void drop() { file_.drop(); }

private:
    outgoing::part_source copying(outgoing::part_source from);
    outgoing::part_source without(outgoing::part_source from);
    void take(const std::optional<io::bytes>& part);
    io::result<void> write(const io::bytes& part);

    enum class state { none, begun, whole, given_up };
    io::file_system& files_;
    cache_writer file_;
    bounds within_;
    state is_ = state::none;
    std::uint64_t size_ = 0;
    std::optional<io::error> trouble_;
    bool tried_ = false;
};

}  // namespace engine
