// Text as JSON has it: what little of JSON is written by more than one folder. Pure.
#pragma once

#include <string>
#include <string_view>

namespace io {

// The text as a JSON string, quotes included. Bytes that are no UTF-8 (file names may have any) become U+FFFD each.
std::string json_string(std::string_view text);

}  // namespace io
