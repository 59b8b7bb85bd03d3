#include "tests/crash/watch_events.h"

#include <fstream>
#include <iterator>
#include <stdexcept>

#include "io/clock.h"

namespace crash {

namespace {

// The value of a member of one flat JSON object: a string without its quotes (escapes stay as they are), or a number.
std::string_view member(std::string_view line, std::string_view name) {
    const std::string key = "\"" + std::string(name) + "\":";
    const std::size_t at = line.find(key);
    if (at == std::string_view::npos) return {};
    std::string_view rest = line.substr(at + key.size());
    if (rest.empty() || rest.front() != '"') return rest.substr(0, rest.find_first_of(",}"));
    rest.remove_prefix(1);
    std::size_t end = 0;
    while (end < rest.size() && rest[end] != '"') end += rest[end] == '\\' ? 2 : 1;
    return rest.substr(0, end);
}

}  // namespace

watch_event parse_event(std::string_view line) {
    watch_event out;
    out.kind = member(line, "event");
    if (out.kind.empty() || !io::parse_time(std::string(member(line, "time")), out.wall_ms)) throw std::runtime_error("not an event: " + std::string(line));
    out.stream = member(line, "stream");
    if (const std::string_view txid = member(line, "txid"); !txid.empty()) out.txid = std::stoull(std::string(txid));
    out.text = member(line, "text");
    return out;
}

std::vector<watch_event> read_events(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    const std::string all{std::istreambuf_iterator<char>(in), {}};
    std::vector<watch_event> out;
    for (std::size_t begin = 0, end = 0; (end = all.find('\n', begin)) != std::string::npos; begin = end + 1) {
        out.push_back(parse_event(std::string_view(all).substr(begin, end - begin)));
    }
    return out;
}

}  // namespace crash
