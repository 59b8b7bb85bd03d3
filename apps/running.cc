#include "apps/running.h"

#include <charconv>
#include <vector>

namespace apps {

namespace {

constexpr std::uint64_t most_bytes = 16U << 20U;  // of /proc/locks

std::vector<std::string_view> words_of(std::string_view line) {
    std::vector<std::string_view> words;
    for (std::size_t at = line.find_first_not_of(' '); at < line.size(); at = line.find_first_not_of(' ', at)) {
        const std::size_t end = std::min(line.find(' ', at), line.size());
        words.push_back(line.substr(at, end - at));
        at = end;
    }
    return words;
}

// A file of /proc says that its size is 0, so it is read until it ends.
io::result<std::string> read_proc(io::file_system& files, const std::string& path) {
    auto file = files.open(path, io::open_mode::read);
    if (!file) return file.error();
    std::string out;
    io::bytes part(64U << 10U);
    while (out.size() < most_bytes) {
        auto got = (*file)->read_at(out.size(), part);
        if (!got) return got.error();
        if (*got == 0) break;
        out += io::text_of(io::byte_view(part).first(*got));
    }
    return out;
}

}  // namespace

bool has_flock(std::string_view locks, std::uint64_t inode) {
    // "2: FLOCK  ADVISORY  WRITE 31424 fe:00:836777 0 EOF"; who waits for a lock has "->" after the number.
    while (!locks.empty()) {
        const std::size_t end = std::min(locks.find('\n'), locks.size());
        const auto words = words_of(locks.substr(0, end));
        locks.remove_prefix(std::min(end + 1, locks.size()));
        if (words.size() < 6 || words[1] != "FLOCK") continue;
        const std::string_view digits = words[5].substr(words[5].rfind(':') + 1);
        std::uint64_t number = 0;
        const auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), number);
        if (parsed.ec == std::errc() && parsed.ptr == digits.data() + digits.size() && number == inode) return true;
    }
    return false;
}

std::optional<std::string> running_watch(io::file_system& files, const std::string& state_directory) {
    const std::string path = io::join(state_directory, "lock");
    auto status = files.status(path);
    if (!status) return std::string();
    auto locks = read_proc(files, "/proc/locks");
    if (!locks || locks->empty()) return std::nullopt;
    if (!has_flock(*locks, status->identity.inode)) return std::string();
    auto words = io::read_file(files, path, 64U << 10U);
    return words && !words->empty() ? std::string(io::text_of(*words)) : std::string("a watch");
}

}  // namespace apps
