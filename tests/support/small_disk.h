// A file system of its own for a test: small, so that it can be full, and it can be made read-only. Needs root with CAP_SYS_ADMIN; it
// is mounted in a mount namespace that ends with this process, so that nothing is left over.
#pragma once

#include <cstddef>
#include <string>

namespace tests {

class small_disk {
public:
    // Mounts a tmpfs of so many bytes on `path`, which is created. Throws std::runtime_error with the system's words.
    small_disk(std::string path, std::size_t bytes);
    ~small_disk();
    small_disk(const small_disk&) = delete;
    small_disk& operator=(const small_disk&) = delete;

    const std::string& path() const { return path_; }
    std::string file(const std::string& name) const { return path_ + "/" + name; }

    void make_read_only();
    // Takes all that is free, but for so many bytes; give_back() frees it again.
    void fill(std::size_t leaving = 0);
    void give_back();

private:
    std::string path_;
};

}  // namespace tests
