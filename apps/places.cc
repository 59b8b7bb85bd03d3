#include "apps/places.h"

#include <unistd.h>

#include <cstdlib>

#include "io/file_system.h"

namespace apps {

namespace {

std::string home_for_state(const surroundings& here) {
    if (const auto xdg = here.variable("XDG_STATE_HOME")) return io::join(*xdg, "flotilla");
    if (const auto home = here.variable("HOME")) return io::join(*home, ".local/state/flotilla");
    return "flotilla-state";
}

}  // namespace

surroundings real_surroundings() {
    const auto variable = [](const std::string& name) -> std::optional<std::string> {
        const char* value = std::getenv(name.c_str());
        if (value == nullptr || *value == '\0') return std::nullopt;
        return value;
    };
    return {variable, ::geteuid() == 0};
}

std::string default_state_directory(const surroundings& here) {
    if (const auto named = here.variable("FLOTILLA_STATE")) return *named;
    return here.is_root ? "/var/lib/flotilla" : home_for_state(here);
}

std::string lock_directory(const surroundings& here) {
    return here.is_root ? "/run/lock/flotilla" : io::join(home_for_state(here), "locks");
}

}  // namespace apps
