#include "engine/key.h"

#include <fmt/format.h>

#include <algorithm>

#include "io/hex.h"
#include "ltx/checksum.h"
#include "ltx/file_name.h"

namespace engine {

namespace {

bool looks_like_level(std::string_view part) {
    const auto hex = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); };
    return part == "ltx" || (part.size() == 4 && std::all_of(part.begin(), part.end(), hex));
}

}  // namespace

io::result<void> check_stream_name(const std::string& name) {
    if (auto ok = io::check_key(name); !ok) return ok.error().as(io::subject::usage).within("stream name");
    for (std::size_t begin = 0; begin <= name.size();) {
        const std::size_t end = std::min(name.find('/', begin), name.size());
        const std::string_view part(name.data() + begin, end - begin);
        if (looks_like_level(part) || part.starts_with(".flotilla")) {
            return io::error{io::errc::invalid, io::subject::usage,
                             fmt::format("stream name \"{}\": the part \"{}\" is reserved for objects; name the database with NAME=PATH",
                                         name, part)};
        }
        begin = end + 1;
    }
    return {};
}

std::string level_prefix(io::key_layout layout, const std::string& stream, unsigned level) {
    if (layout == io::key_layout::directory) return fmt::format("{}/ltx/{}", stream, level);
    return fmt::format("{}/{:04x}", stream, level);
}

std::string object_key(io::key_layout layout, const std::string& stream, unsigned level, txid_range range) {
    return fmt::format("{}/{}", level_prefix(layout, stream, level), ltx::format_name(range.min, range.max));
}

std::string local_id(const std::string& store_url, const std::string& stream) {
    const std::string text = store_url + '\n' + stream;
    return ltx::hex16(ltx::crc64_of(io::view_of(text)));
}

std::string owner_prefix(const std::string& stream) { return stream + "/owner"; }

std::string owner_key(const std::string& stream, std::uint64_t epoch) { return owner_prefix(stream) + "/" + io::hex16(epoch) + ".json"; }

std::optional<std::uint64_t> parse_owner_key(std::string_view key) {
    constexpr std::string_view suffix = ".json";
    const std::string_view name = key.substr(key.rfind('/') + 1);
    if (!name.ends_with(suffix)) return std::nullopt;
    const auto epoch = io::parse_hex16(name.substr(0, name.size() - suffix.size()));
    return epoch && *epoch != 0 ? epoch : std::nullopt;
}

std::string host_key(std::uint64_t identity) { return ".flotilla/hosts/" + io::hex16(identity) + ".json"; }

std::string session_key(std::uint64_t identity, std::uint64_t session) {
    return ".flotilla/hosts/" + io::hex16(identity) + "-" + io::hex16(session) + ".json";
}

std::optional<txid_range> parse_object_key(std::string_view key) {
    const std::size_t slash = key.rfind('/');
    return ltx::parse_name(slash == std::string_view::npos ? key : key.substr(slash + 1));
}

}  // namespace engine
