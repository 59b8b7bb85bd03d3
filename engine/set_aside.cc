#include "engine/set_aside.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <utility>
#include <vector>

namespace engine {

void keep_newest(io::file_system& files, const std::string& directory, std::string_view mark) {
    const auto entries = files.list(directory);
    if (!entries) return;
    std::vector<std::pair<std::uint64_t, std::string>> found;
    for (const auto& entry : *entries) {
        const std::size_t at = entry.name.find(mark);
        if (at == std::string::npos) continue;
        std::uint64_t ms = 0;
        const char* const end = entry.name.data() + entry.name.size();
        const auto parsed = std::from_chars(entry.name.data() + at + mark.size(), end, ms);
        if (parsed.ec == std::errc() && parsed.ptr == end) found.emplace_back(ms, entry.name);
    }
    std::sort(found.rbegin(), found.rend());
    for (std::size_t i = most_set_aside; i < found.size(); ++i) (void)files.remove(io::join(directory, found[i].second));
}

}  // namespace engine
