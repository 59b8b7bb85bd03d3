#include "io/object_store.h"

#include <fmt/format.h>

#include <algorithm>

namespace io {

namespace {

error bad_key(const std::string& key, std::string_view why) {
    return {errc::invalid, subject::store, fmt::format("key \"{}\": {}", key, why)};
}

}  // namespace

result<void> check_key(const std::string& key) {
    if (key.empty() || key.size() > 1024) return bad_key(key.substr(0, 64), "must have 1 to 1,024 bytes");
    if (key.find('\0') != std::string::npos) return bad_key(key, "contains a NUL");
    for (std::size_t begin = 0; begin <= key.size();) {
        const std::size_t end = std::min(key.find('/', begin), key.size());
        const std::string_view part(key.data() + begin, end - begin);
        if (part.empty() || part == "." || part == "..") return bad_key(key, "has an empty part, \".\" or \"..\"");
        begin = end + 1;
    }
    return {};
}

}  // namespace io
