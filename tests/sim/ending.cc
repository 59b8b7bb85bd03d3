#include "tests/sim/ending.h"

#include <map>

namespace sim {

std::string left_by(const world& in, process& one) {
    std::map<std::string, std::size_t> left;
    for (const auto& each : one.machine.disk.holdings(one.id)) ++left[each];
    left["operation that waits"] = in.loop.pending(one.id);
    left["body of blocking code"] = one.pool.busy();
    left["open file or mapping"] = one.files.open_now();
    std::string out;
    for (const auto& [what, count] : left) if (count != 0) out += fmt::format("{}{} x {}", out.empty() ? "" : ", ", count, what);
    return out;
}

void when_ended(world& in, process& one, std::function<void(const std::string& left)> then) {
    in.loop.when_still([&in, &one, then = std::move(then)] {
        if (!in.loop.is_alive(one.id)) return;
        if (in.loop.is_frozen(one.id)) return when_ended(in, one, then);
        then(left_by(in, one));
    });
}

}  // namespace sim
