#include "s3/credentials.h"

#include <algorithm>

namespace s3 {

bool fits_headers(const credentials& what) {
    const auto printable = [](char c) { return static_cast<unsigned char>(c) >= 0x20 && static_cast<unsigned char>(c) < 0x7f; };
    const auto in_word = [&](char c) { return printable(c) && c != ' ' && c != ',' && c != '/'; };
    return !what.access_key.empty() && std::ranges::all_of(what.access_key, in_word) && std::ranges::all_of(what.session_token.reveal(), printable);
}

}  // namespace s3
