#include "tests/support/temp_directory.h"

#include <cstdlib>
#include <filesystem>
#include <stdexcept>

namespace tests {

temp_directory::temp_directory() {
    const char* base = std::getenv("TMPDIR");
    std::string pattern = std::string(base == nullptr || *base == '\0' ? "/tmp" : base) + "/flotilla-test-XXXXXX";
    if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("mkdtemp " + pattern);
    path_ = pattern;
}

temp_directory::~temp_directory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

}  // namespace tests
