#include "apps/streams.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/replica.h"

namespace apps {

std::string those_there_are(const std::vector<std::string>& names) {
    constexpr std::size_t most = 10;
    if (names.empty()) return "; the store holds no streams";
    std::string out;
    for (std::size_t i = 0; i < std::min(names.size(), most); ++i) out += (i == 0 ? "; the store holds: " : ", ") + names[i];
    if (names.size() > most) out += fmt::format(" and {} more (flotilla list)", names.size() - most);
    return out;
}

io::task<io::error> name_the_others(io::object_store& store, std::string stream, io::error wrong) {
    if (wrong.code != io::errc::not_found) co_return wrong;
    auto names = co_await engine::replica::streams(store);
    if (!names || std::find(names->begin(), names->end(), stream) != names->end()) co_return wrong;
    wrong.context += those_there_are(*names);
    co_return wrong;
}

io::task<io::result<std::vector<std::string>>> streams_to_show(io::object_store& store, std::string stream) {
    if (stream.empty()) co_return co_await engine::replica::streams(store);
    co_return std::vector<std::string>{std::move(stream)};
}

}  // namespace apps
