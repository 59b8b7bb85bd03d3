#include "tests/sim/marks.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <set>
#include <stdexcept>
#include <string_view>

namespace sim {

marks_held hold_marks(const std::string& path, const mark_counts& reached) {
    constexpr std::string_view seldom = "seldom ";
    std::ifstream file(path);
    if (!file) throw std::runtime_error("cannot be read: " + path);
    std::set<std::string> named;
    marks_held out;
    for (std::string line; std::getline(file, line);) {
        line.resize(std::min(line.find('#'), line.size()));
        while (line.ends_with(' ')) line.pop_back();
        if (line.empty()) continue;
        const bool required = !line.starts_with(seldom);
        if (!required) line.erase(0, seldom.size());
        named.insert(line);
        if (reached.contains(line)) continue;
        if (required) out.wrong += "never reached: " + line + "\n";
        else out.seldom += (out.seldom.empty() ? "" : ", ") + line;
    }
    for (const auto& [mark, runs] : reached) {
        if (!named.contains(mark)) out.wrong += "reached, and not in the list: " + mark + "\n";
    }
    if (!out.seldom.empty()) out.seldom = "not reached this time: " + out.seldom + "\n";
    return out;
}

std::string marks_counted(const mark_counts& reached) {
    std::string out;
    for (const auto& [mark, runs] : reached) out += fmt::format("{:6} {}\n", runs, mark);
    return out;
}

}  // namespace sim
