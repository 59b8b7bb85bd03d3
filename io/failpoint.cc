#ifdef FLOTILLA_FAILPOINTS

#include "io/failpoint.h"

#include <fmt/format.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdlib>
#include <string>

#include "io/buggify.h"

namespace io {

namespace {

struct appointment {
    std::string name;
    long passes = 1;
};

appointment read_appointment() {
    const char* set = std::getenv("FLOTILLA_FAILPOINT");
    const std::string text = set == nullptr ? "" : set;
    const std::size_t colon = text.find(':');
    if (colon == std::string::npos) return {text, 1};
    return {text.substr(0, colon), std::strtol(text.c_str() + colon + 1, nullptr, 10)};
}

}  // namespace

void failpoint(std::string_view name) {
    if (points* const listener = listener_at_points()) return listener->passed(name);
    static const appointment when = read_appointment();
    static std::atomic<long> passed = 0;
    if (name != when.name || ++passed != when.passes) return;
    const std::string words = fmt::format("failpoint {}\n", name);
    (void)!::write(STDERR_FILENO, words.data(), words.size());
    ::kill(::getpid(), SIGKILL);
    while (true) ::pause();
}

}  // namespace io

#endif
