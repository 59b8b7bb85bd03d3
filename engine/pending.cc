#include "engine/pending.h"

#include <fmt/format.h>

#include "ltx/decoder.h"

namespace engine {

namespace {

// The tail of a handoff is short; anything longer is not ours.
constexpr std::uint64_t most_bytes = 1U << 30U;

io::result<ltx::header> verify(io::byte_view object) {
    ltx::decoder reader;
    const ltx::page_sink nowhere = [](std::uint32_t, io::byte_view) { return io::result<void>(); };
    if (auto ok = reader.feed(object, nowhere); !ok) return ok.error();
    auto summary = reader.finish();
    if (!summary) return summary.error();
    return summary->header;
}

}  // namespace

pending::pending(const std::string& state_directory, const std::string& id)
    : path_(io::join(io::join(state_directory, "pending"), id + ".ltx")) {}

io::result<void> pending::save(io::file_system& files, io::byte_view object) const { return io::write_file(files, path_, object); }

io::result<void> pending::remove(io::file_system& files) const {
    auto removed = files.remove(path_);
    if (!removed && removed.error().code == io::errc::not_found) return {};
    return removed;
}

io::result<std::optional<pending::found>> pending::load(io::file_system& files) const {
    auto object = io::read_file(files, path_, most_bytes);
    if (!object && object.error().code == io::errc::not_found) return std::optional<found>();
    if (!object && object.error().code != io::errc::too_large) return object.error();
    auto head = object ? verify(*object) : object.error();
    if (!head) {
        if (auto ok = remove(files); !ok) return ok.error();
        return io::error{io::errc::corrupt, io::subject::general, fmt::format("{}: {}; removed", path_, head.error().context)};
    }
    return std::optional(found{std::move(*object), *head});
}

}  // namespace engine
