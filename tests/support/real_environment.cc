#include "tests/support/real_environment.h"

#include <algorithm>

namespace tests {

void recording_log::write(io::level severity, std::string_view text) {
    const std::lock_guard guard(lock_);
    lines_.push_back(std::to_string(static_cast<int>(severity)) + " " + std::string(text));
}

bool recording_log::contains(std::string_view text) const {
    const std::lock_guard guard(lock_);
    return std::any_of(lines_.begin(), lines_.end(), [&](const std::string& line) { return line.find(text) != std::string::npos; });
}

std::vector<std::string> recording_log::lines() const {
    const std::lock_guard guard(lock_);
    return lines_;
}

real_environment::real_environment(io::file_system* files)
    : env{loop_.get_executor(), time_, dice_, files == nullptr ? files_ : *files, elsewhere_, journal,
          [this] { return io::make_inotify_watcher(loop_.get_executor()); }} {}

}  // namespace tests
