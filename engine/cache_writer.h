// One file of the cache while it is written: under a temporary name until it is kept. Blocking.
#pragma once

#include <memory>
#include <string>

#include "engine/cache.h"
#include "io/file_system.h"

namespace engine {

class cache_writer {
public:
    // `files` must outlive this.
    cache_writer(io::file_system& files, std::string path) : files_(files), path_(std::move(path)) {}

    // The next part; the first begins the file, and its folder. Errors: the file system's, then drop() it.
    io::result<void> write(io::byte_view part);
    // Gives it its name. `durable`: synced before, and the directory after (A12). On error there is no file of that name that was not there
    // before. Once, after at least one part.
    io::result<cache::content> keep(bool durable);
    // Nothing is left of it, as far as the file system lets. No error if there is none.
    void drop();

private:
    io::file_system& files_;
    std::string path_;
    std::unique_ptr<io::file> data_;
    cache::content written_;
};

}  // namespace engine
