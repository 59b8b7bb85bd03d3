// A directory of its own for a test, removed with everything in it at the end.
#pragma once

#include <string>

namespace tests {

class temp_directory {
public:
    temp_directory();
    ~temp_directory();
    temp_directory(const temp_directory&) = delete;
    temp_directory& operator=(const temp_directory&) = delete;

    const std::string& path() const { return path_; }
    // "<path>/<name>"
    std::string file(const std::string& name) const { return path_ + "/" + name; }

private:
    std::string path_;
};

}  // namespace tests
