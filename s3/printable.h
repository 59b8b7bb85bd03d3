// What a server says, fit for a message or a log line. Pure.
#pragma once

#include <string>
#include <string_view>

namespace s3 {

// At most `most` bytes; control characters and bytes that are not ASCII become '?', a longer text ends in "...".
inline std::string printable(std::string_view text, std::size_t most = 300) {
    std::string out(text.substr(0, most));
    for (char& c : out)
        if (static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) >= 0x7f) c = '?';
    if (text.size() > most) out += "...";
    return out;
}

}  // namespace s3
