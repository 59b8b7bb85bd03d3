// Just enough JSON to print objects, one a line. Pure.
#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "io/json_text.h"

namespace apps {

using io::json_string;

// An object, field by field, in the order given.
class json_object {
public:
    json_object& add(std::string_view name, std::string_view value) { return add_raw(name, json_string(value)); }
    json_object& add(std::string_view name, const char* value) { return add(name, std::string_view(value)); }
    json_object& add(std::string_view name, bool value) { return add_raw(name, value ? "true" : "false"); }
    template <std::integral T>
    json_object& add(std::string_view name, T value) { return add_raw(name, std::to_string(value)); }
    json_object& add(std::string_view name, const std::vector<std::string>& values);
    json_object& add(std::string_view name, const std::vector<json_object>& values);
    // A value that is JSON already.
    json_object& add_raw(std::string_view name, std::string_view json);

    std::string text() const { return "{" + fields_ + "}"; }

private:
    std::string fields_;
};

// Writes the object as a line to standard output and flushes it; false if nobody can read it any more.
bool print_line(const json_object& object);

}  // namespace apps
