#include "engine/cache.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/cache_writer.h"
#include "ltx/decoder.h"
#include "ltx/file_name.h"

namespace engine {

namespace {

constexpr std::uint64_t part_bytes = 4U << 20U;

const ltx::page_sink nowhere = [](std::uint32_t, io::byte_view) { return io::result<void>(); };

// One file, front to end, decoded on the way.
class reader {
public:
    reader(io::file_system& files, std::string path, const txid_range& named) : files_(files), path_(std::move(path)), named_(named) {}

    // The next part; nothing after the last, when found() says what it was.
    io::result<std::optional<io::bytes>> next() {
        if (!data_) {
            auto opened = files_.open(path_, io::open_mode::read);
            if (!opened) return opened.error();
            data_ = std::move(*opened);
            auto size = data_->size();
            if (!size) return size.error();
            found_.is.size = *size;
        }
        if (at_ == found_.is.size && done_) return std::optional<io::bytes>();
        io::bytes part(std::min(part_bytes, found_.is.size - at_));
        auto got = data_->read_at(at_, part);
        if (!got) return got.error();
        if (*got != part.size()) return bad("it became shorter while it was read");
        at_ += part.size();
        if (auto ok = decoder_.feed(part, nowhere); !ok) return bad(ok.error().context);
        if (at_ == found_.is.size) {
            auto summary = decoder_.finish();
            if (!summary) return bad(summary.error().context);
            if (auto ok = ltx::check_name(named_, summary->header); !ok) return bad(ok.error().context);
            found_.head = summary->header;
            found_.is.file_checksum = summary->trailer.file_checksum;
            done_ = true;
        }
        return std::optional(std::move(part));
    }

    bool done() const { return done_; }
    const cache::found& found() const { return found_; }
    io::error bad(std::string_view why) const { return {io::errc::corrupt, io::subject::general, fmt::format("{}: {}", path_, why)}; }

private:
    io::file_system& files_;
    std::string path_;
    txid_range named_;
    std::unique_ptr<io::file> data_;
    ltx::decoder decoder_;
    std::uint64_t at_ = 0;
    bool done_ = false;
    cache::found found_;
};

}  // namespace

cache::cache(io::file_system& files, const std::string& state_directory, const std::string& id)
    : files_(files), state_directory_(state_directory), folder_(io::join("cache", id)) {}

std::string cache::file(const object_name& name) const {
    return io::join(io::join(folder_, fmt::format("{}", name.level)), ltx::format_name(name.range.min, name.range.max));
}

std::string cache::path(const object_name& name) const { return io::join(state_directory_, file(name)); }

io::result<std::vector<object_name>> cache::list() const {
    std::vector<object_name> out;
    for (unsigned level = 0; level < level_count; ++level) {
        const std::string directory = io::parent_of(path({level, {1, 1}}));
        auto entries = files_.list(directory);
        if (!entries && entries.error().code == io::errc::not_found) continue;
        if (!entries) return entries.error();
        for (const auto& entry : *entries) {
            if (entry.name.ends_with(temporary)) {
                if (auto ok = files_.remove(io::join(directory, entry.name)); !ok) return ok.error();
            } else if (const auto range = ltx::parse_name(entry.name)) {
                out.push_back({level, *range});
            }
        }
    }
    return out;
}

io::result<cache::content> cache::save(const object_name& name, const outgoing::part_source& parts) const {
    cache_writer out(files_, path(name));
    const auto write = [&]() -> io::result<void> {
        while (true) {
            auto part = parts();
            if (!part) return part.error();
            if (!*part) return {};
            if (auto ok = out.write(**part); !ok) return ok;
        }
    };
    if (auto ok = write(); !ok) {
        out.drop();
        return ok.error();
    }
    return out.keep(true);
}

io::result<cache::found> cache::verify(const object_name& name) const {
    reader all(files_, path(name), name.range);
    while (!all.done()) {
        if (auto part = all.next(); !part) return part.error();
    }
    return all.found();
}

outgoing::part_source cache::read(const object_name& name, const content& expected) const {
    return [all = std::make_shared<reader>(files_, path(name), name.range), expected]() -> io::result<std::optional<io::bytes>> {
        auto part = all->next();
        if (!part || !all->done()) return part;
        if (all->found().is.size == expected.size && all->found().is.file_checksum == expected.file_checksum) return part;
        return all->bad("it is not what it was when it was verified");
    };
}

io::result<void> cache::remove(const object_name& name) const {
    auto removed = files_.remove(path(name));
    if (!removed && removed.error().code == io::errc::not_found) return {};
    return removed;
}

}  // namespace engine
