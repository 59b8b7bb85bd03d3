#include "apps/line_limiter.h"

namespace apps {

bool line_limiter::admit(const std::string& stream, engine::event::what kind, io::instant now) {
    const auto [it, is_new] = windows_.try_emplace({stream, kind});
    if (is_new) ends_.emplace_back(now + limits_.window, it->first);
    if (it->second.lines < limits_.lines) {
        ++it->second.lines;
        return true;
    }
    ++it->second.suppressed;
    return false;
}

std::vector<line_limiter::summary> line_limiter::expire(io::instant now) {
    std::vector<summary> out;
    while (!ends_.empty() && ends_.front().first <= now) {
        const auto it = windows_.find(ends_.front().second);
        if (it->second.suppressed > 0) out.push_back({it->first.first, it->first.second, it->second.suppressed});
        windows_.erase(it);
        ends_.pop_front();
    }
    return out;
}

}  // namespace apps
