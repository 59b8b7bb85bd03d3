// How long and how large the drills are: what `make test` runs is short, `make drill` sets these in the environment.
#pragma once

#include <cstdlib>
#include <string>

namespace drill {

// The number in this environment variable; `otherwise` if it is not set. Throws std::invalid_argument if it is no number.
inline int parameter(const char* name, int otherwise) {
    const char* value = std::getenv(name);
    return value == nullptr || *value == '\0' ? otherwise : std::stoi(value);
}

}  // namespace drill
