#include "apps/progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

namespace apps {

namespace {

constexpr io::duration patience = std::chrono::seconds(2);
constexpr io::duration pause = std::chrono::milliseconds(100);
constexpr unsigned width = 40;

}  // namespace

progress::progress(io::clock& time, std::string what, bool wanted)
    : time_(time), what_(std::move(what)), wanted_(wanted && ::isatty(STDERR_FILENO) == 1), next_(time.now() + patience) {}

progress::~progress() {
    if (shown_) fmt::print(stderr, "\r\x1b[K");
}

void progress::show(std::uint64_t done, std::uint64_t total) {
    if (!wanted_ || time_.now() < next_) return;
    next_ = time_.now() + pause;
    shown_ = true;
    fmt::print(stderr, "\r{}\x1b[K", progress_line(what_, done, total));
}

std::string progress_line(const std::string& what, std::uint64_t done, std::uint64_t total) {
    const double part = total == 0 ? 1.0 : std::min(1.0, static_cast<double>(done) / static_cast<double>(total));
    const auto filled = static_cast<unsigned>(part * width);
    return fmt::format("{} [{}{}] {:3}%", what, std::string(filled, '#'), std::string(width - filled, '.'), static_cast<unsigned>(part * 100));
}

}  // namespace apps
