#include "engine/cache_writer.h"

#include "io/failpoint.h"

namespace engine {

io::result<void> cache_writer::write(io::byte_view part) {
    if (!data_) {
        if (auto ok = files_.make_directories(io::parent_of(path_)); !ok) return ok;
        auto opened = files_.open(path_ + std::string(cache::temporary), io::open_mode::create);
        if (!opened) return opened.error();
        data_ = std::move(*opened);
        if (auto ok = data_->truncate(0); !ok) return ok;
    }
    if (auto ok = data_->write_at(written_.size, part); !ok) return ok;
    written_.size += part.size();
    if (part.size() >= 8) written_.file_checksum = io::load_big<std::uint64_t>(part.data() + part.size() - 8);
    return {};
}

io::result<cache::content> cache_writer::keep(bool durable) {
    const auto name_it = [&]() -> io::result<void> {
        if (durable) {
            if (auto ok = data_->sync(); !ok) return ok;
        }
        io::failpoint("cache.written");
        return files_.rename(path_ + std::string(cache::temporary), path_);
    };
    if (auto ok = name_it(); !ok) {
        drop();
        return ok.error();
    }
    data_.reset();
    io::failpoint("cache.renamed");
    if (durable) {
        if (auto ok = files_.sync_directory(io::parent_of(path_)); !ok) return ok.error();
    }
    return written_;
}

void cache_writer::drop() {
    if (!data_) return;
    data_.reset();
    written_ = {};
    (void)files_.remove(path_ + std::string(cache::temporary));
}

}  // namespace engine
