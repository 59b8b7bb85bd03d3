#include "tests/sim/marks.h"

#include <algorithm>
#include <fstream>
#include <set>
#include <stdexcept>

namespace sim {

std::string marks_missing(const std::string& path, const mark_counts& reached) {
    std::ifstream file(path);
    if (!file) throw std::runtime_error("cannot be read: " + path);
    std::set<std::string> named;
    std::string out;
    for (std::string line; std::getline(file, line);) {
        line.resize(std::min(line.find('#'), line.size()));
        while (line.ends_with(' ')) line.pop_back();
        if (line.empty()) continue;
        named.insert(line);
        if (!reached.contains(line)) out += "never reached: " + line + "\n";
    }
    for (const auto& [mark, runs] : reached) {
        if (!named.contains(mark)) out += "reached, and not in the list: " + mark + "\n";
    }
    return out;
}

}  // namespace sim
