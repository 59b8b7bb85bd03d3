#include "engine/identity.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "io/hex.h"

namespace engine {

namespace {

constexpr std::uint64_t most_bytes = 4096;

std::string path_in(const std::string& directory) { return io::join(directory, "identity"); }

std::optional<writer_identity> parse(std::string_view text) {
    if (text.empty() || text.back() != '\n') return std::nullopt;
    text.remove_suffix(1);
    constexpr int count = 5;
    std::uint64_t fields[count] = {};
    for (int i = 0; i < count; ++i) {
        const std::size_t end = i == count - 1 ? text.size() : text.find(' ');
        const auto value = end == std::string_view::npos ? std::nullopt : io::parse_hex16(text.substr(0, end));
        if (!value) return std::nullopt;
        fields[i] = *value;
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    if (fields[0] == 0) return std::nullopt;
    return writer_identity{fields[0], fields[1], {fields[2], fields[3]}, fields[4]};
}

}  // namespace

io::result<writer_identity> open_identity(io::file_system& files, io::log& journal, const std::string& directory, std::uint64_t fresh, std::int64_t now_ms) {
    const std::string path = path_in(directory);
    auto text = io::read_file(files, path, most_bytes);
    const bool unreadable = !text && text.error().code != io::errc::not_found && text.error().code != io::errc::too_large;
    if (unreadable) return text.error().within("identity");
    const auto known = text ? parse(io::text_of(*text)) : std::nullopt;
    if (known) return *known;
    if (text || text.error().code == io::errc::too_large) {
        const std::string aside = fmt::format("{}.damaged-{}", path, now_ms);
        journal.error("{} makes no sense; moved to {}; a new identity is drawn, and streams are taken over from the old one", path, aside);
        if (auto ok = files.rename(path, aside); !ok) return ok.error().within("identity");
    }
    auto place = place_of(files, directory);
    if (!place) return place.error();
    const writer_identity out{fresh, 0, *place, 0};
    if (auto ok = save_identity(files, directory, out); !ok) return ok.error();
    return out;
}

io::result<io::file_identity> place_of(io::file_system& files, const std::string& directory) {
    auto status = files.status(directory);
    if (!status) return status.error().within("identity");
    return status->identity;
}

io::result<void> save_identity(io::file_system& files, const std::string& directory, const writer_identity& now) {
    const std::string line = fmt::format("{} {} {} {} {}\n", io::hex16(now.writer), io::hex16(now.session), io::hex16(now.place.device), io::hex16(now.place.inode),
                                         io::hex16(now.nonce));
    auto ok = io::write_file(files, path_in(directory), io::view_of(line));
    if (!ok) return ok.error().within("identity");
    return ok;
}

}  // namespace engine
