// The syntax of AWS's shared files: sections, "name = value", comments after '#' or ';' at the beginning of a line or after a blank,
// and deeper lines that belong to the setting above them, which are passed over. Pure; untrusted.
// Source: AWS SDKs and Tools Reference Guide, "Shared config and credentials files".
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "io/error.h"

namespace s3 {

using ini_section = std::map<std::string, std::string, std::less<>>;  // names in lower case
using ini_file = std::map<std::string, ini_section, std::less<>>;     // sections as written, blanks and quotes around words removed

// A section or setting that comes again is merged; the later value counts. Errors (subject::usage): too_large beyond 1 MiB; invalid,
// with the number of the line but never its text, which may be a secret.
io::result<ini_file> parse_ini(std::string_view text);

}  // namespace s3
