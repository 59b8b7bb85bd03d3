// What a process uses, in the kernel's own words (/proc), and what lies in a directory.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>

namespace tests {

struct usage {
    std::uint64_t memory = 0;         // resident now, bytes
    std::uint64_t most_memory = 0;    // the most that ever was
    std::size_t descriptors = 0;
    std::uint64_t written = 0;        // bytes that it caused to be written to disks
    double cpu_seconds = 0;           // user and system
};

// Throws std::runtime_error if there is no such process.
usage usage_of(pid_t process);

// Regular files below a directory, those that vanish meanwhile included or not; and their bytes.
std::size_t files_in(const std::string& directory);
std::uint64_t bytes_in(const std::string& directory);
// 0 if it is not there.
std::uint64_t size_of(const std::string& file);

}  // namespace tests
