// The environment variables that matter here, as a value: whoever starts the program copies those that begin with "AWS_", and HOME.
#pragma once

#include <map>
#include <string>
#include <string_view>

namespace s3 {

using variables = std::map<std::string, std::string, std::less<>>;

// "" if it is not set; AWS's own tools take an empty variable for one that is not set, too.
inline std::string variable(const variables& all, std::string_view name) {
    const auto at = all.find(name);
    return at == all.end() ? std::string() : at->second;
}

}  // namespace s3
