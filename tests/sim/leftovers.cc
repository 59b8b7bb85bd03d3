#include "tests/sim/leftovers.h"

#include <algorithm>

namespace sim {

namespace {

// By the READMEs of engine and wal, and what SQLite keeps beside a database.
constexpr std::string_view known[] = {
    "/state/lock", "/state/identity", "/state/identity.damaged-#",
    "/state/state.db", "/state/state.db-wal", "/state/state.db-shm", "/state/state.db.corrupt-#",
    "/state/sums/#", "/state/shadow/#/#", "/state/shadow/#/#.damaged-#", "/state/cache/#/#/#-#.ltx",
    // The engine leaves them for ten minutes: who asked may be alive, or writing.
    "/state/requests/#.request", "/state/requests/#.answer", "/state/requests/#.request.tmp", "/state/requests/#.answer.tmp",
    "/locks/#-#.lock",
    "/data/db#", "/data/db#-wal", "/data/db#-shm", "/data/db of host #", "/data/db of host #-wal", "/data/db of host #-shm",
    "/store/db#/ltx/#/#-#.ltx", "/store/db#/owner/#.json", "/store/.flotilla/hosts/#.json", "/store/.flotilla/hosts/#-#.json",
};

bool is_digit(char one) { return (one >= '0' && one <= '9') || (one >= 'a' && one <= 'f'); }

}  // namespace

bool is_like(std::string_view path, std::string_view pattern) {
    std::size_t at = 0;
    for (const char one : pattern) {
        if (one != '#') {
            if (at == path.size() || path[at++] != one) return false;
            continue;
        }
        const std::size_t begin = at;
        while (at != path.size() && is_digit(path[at])) ++at;
        if (at == begin) return false;
    }
    return at == path.size();
}

std::vector<std::string> files_below(const disk& on, const std::string& directory) {
    int problem = 0;
    const disk::node top = on.find(directory, problem);
    std::vector<std::string> out;
    if (!top || !top->directory) return out;
    for (const auto& [name, one] : top->entries) {
        const std::string path = directory + "/" + name;
        if (!one->directory) out.push_back(path);
        for (auto& below : files_below(on, path)) out.push_back(std::move(below));
    }
    return out;
}

std::vector<std::string> strangers(const disk& on) {
    std::vector<std::string> out;
    for (const char* directory : {"/state", "/locks", "/data", "/store"}) {
        for (auto& path : files_below(on, directory)) {
            const bool belongs = std::any_of(std::begin(known), std::end(known), [&](std::string_view pattern) { return is_like(path, pattern); });
            if (!belongs) out.push_back(std::move(path));
        }
    }
    return out;
}

}  // namespace sim
