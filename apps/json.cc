#include "apps/json.h"

#include <cstdio>

namespace apps {

namespace {

template <class T, class Show>
std::string array_of(const std::vector<T>& values, Show show) {
    std::string out = "[";
    for (const T& one : values) {
        if (out.size() > 1) out += ',';
        out += show(one);
    }
    return out + "]";
}

}  // namespace

json_object& json_object::add(std::string_view name, const std::vector<std::string>& values) {
    return add_raw(name, array_of(values, [](const std::string& one) { return json_string(one); }));
}

json_object& json_object::add(std::string_view name, const std::vector<json_object>& values) {
    return add_raw(name, array_of(values, [](const json_object& one) { return one.text(); }));
}

json_object& json_object::add_raw(std::string_view name, std::string_view json) {
    if (!fields_.empty()) fields_ += ',';
    fields_ += json_string(name);
    fields_ += ':';
    fields_ += json;
    return *this;
}

bool print_line(const json_object& object) {
    const std::string line = object.text() + "\n";
    return std::fwrite(line.data(), 1, line.size(), stdout) == line.size() && std::fflush(stdout) == 0;
}

}  // namespace apps
