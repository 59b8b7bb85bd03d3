#include "tests/support/usage.h"

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace tests {

namespace {

namespace fs = std::filesystem;

std::string text_of(const std::string& file) {
    std::ifstream in(file);
    std::ostringstream out;
    out << in.rdbuf();
    if (out.str().empty()) throw std::runtime_error(file + " says nothing: has the process ended?");
    return out.str();
}

// The number behind "name:".
std::uint64_t field(const std::string& text, const std::string& name) {
    const auto at = text.find("\n" + name + ":");
    if (at == std::string::npos) throw std::runtime_error("/proc does not say " + name);
    return std::stoull(text.substr(at + name.size() + 2));
}

template <class Each>
void for_files(const std::string& directory, const Each& each) {
    std::error_code vanished;
    for (fs::recursive_directory_iterator at(directory, vanished), end; !vanished && at != end; at.increment(vanished)) {
        std::error_code gone;
        if (at->is_regular_file(gone)) each(at->path());
    }
}

}  // namespace

usage usage_of(pid_t process) {
    const std::string root = "/proc/" + std::to_string(process) + "/";
    usage out;
    const std::string status = text_of(root + "status");
    out.memory = field(status, "VmRSS") << 10U;
    out.most_memory = field(status, "VmHWM") << 10U;
    out.written = field("\n" + text_of(root + "io"), "write_bytes");
    const std::string stat = text_of(root + "stat");
    std::istringstream fields(stat.substr(stat.rfind(')') + 2));
    std::string skipped;
    for (int i = 3; i < 14; ++i) fields >> skipped;
    std::uint64_t user = 0, system = 0;
    fields >> user >> system;
    out.cpu_seconds = static_cast<double>(user + system) / static_cast<double>(::sysconf(_SC_CLK_TCK));
    for (const auto& each : fs::directory_iterator(root + "fd")) {
        (void)each;
        ++out.descriptors;
    }
    return out;
}

std::size_t files_in(const std::string& directory) {
    std::size_t out = 0;
    for_files(directory, [&](const fs::path&) { ++out; });
    return out;
}

std::uint64_t bytes_in(const std::string& directory) {
    std::uint64_t out = 0;
    for_files(directory, [&](const fs::path& path) { out += size_of(path); });
    return out;
}

std::uint64_t size_of(const std::string& file) {
    std::error_code missing;
    const auto size = fs::file_size(file, missing);
    return missing ? 0 : size;
}

}  // namespace tests
