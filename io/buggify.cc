#ifdef FLOTILLA_FAILPOINTS

#include "io/buggify.h"

#include <cstdio>
#include <cstdlib>

namespace io {

namespace {

points* listener = nullptr;

}  // namespace

void listen_at_points(points* who) { listener = who; }
points* listener_at_points() { return listener; }

bool buggify(std::string_view name) { return listener != nullptr && listener->fires(name); }

void reached(std::string_view mark) {
    if (listener != nullptr) listener->reached(mark);
}

void must(bool holds, std::string_view promise) {
    if (holds) return;
    if (listener != nullptr) return listener->broken(promise);
    std::fprintf(stderr, "must be true, and is not: %.*s\n", static_cast<int>(promise.size()), promise.data());
    std::abort();
}

}  // namespace io

#endif
